import { defineConfig } from 'vite';

// One file: the script and the style go into the page, so that it works without a server.
const inOneFile = {
  name: 'in-one-file',
  enforce: 'post',
  generateBundle(options, bundle) {
    const page = bundle['index.html'];
    for (const [name, part] of Object.entries(bundle)) {
      if (part === page) continue;
      const text = part.type === 'chunk' ? part.code : part.source;
      if (part.type === 'chunk') {
        page.source = page.source.replace(/<script type="module"[^>]*src=[^>]*><\/script>/, '');
        const script = `<script type="module">${text.replaceAll('</script', '<\\/script').trim()}</script>`;
        page.source = page.source.replace('</body>', () => `${script}\n</body>`);
      } else {
        page.source = page.source.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${text.trim()}</style>`);
      }
      delete bundle[name];
    }
    page.fileName = 'page.html';
  },
};

export default defineConfig({
  plugins: [inOneFile],
  build: {
    outDir: process.env.ARPENT_PAGE_DIRECTORY ?? 'built',
    modulePreload: false,
    cssCodeSplit: false,
    emptyOutDir: false,
  },
});
