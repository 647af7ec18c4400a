// Search in all pages, and dark or light. `searchIndex`, from search.js, is [{page, title, text}].
'use strict';

const root = document.documentElement;
const wanted = () => {
  try {
    return localStorage.getItem('theme');
  } catch {
    return null; // files may have no storage
  }
};
root.dataset.theme = wanted() ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');

document.addEventListener('DOMContentLoaded', () => {
  document.getElementById('theme').addEventListener('click', () => {
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem('theme', root.dataset.theme);
    } catch {
      /* then it lasts for this page */
    }
  });

  const field = document.getElementById('search');
  const results = document.getElementById('results');
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.replaceChildren();
    if (words.length === 0) return;
    const found = searchIndex.filter(({ title, text }) =>
      words.every((word) => `${title} ${text}`.toLowerCase().includes(word)),
    );
    for (const { page, title } of found) {
      const link = document.createElement('a');
      link.href = page;
      link.textContent = title;
      results.append(link);
    }
    if (found.length === 0) results.textContent = 'Nothing has all of these words.';
  });
});
