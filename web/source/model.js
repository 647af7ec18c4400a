// One profile, or two that are compared, as a tree of frames and a list of sites.

// `value`: index into a site's values; `blocks`: index of the number that goes with it.
export const metrics = [
  { key: 'live', label: 'Live', value: 0, blocks: 1 },
  { key: 'peak', label: 'At the peak', value: 2, blocks: 3 },
  { key: 'total', label: 'Allocated in total', value: 4, blocks: 5 },
  { key: 'leaked', label: 'Leaked', value: 6, blocks: 7 },
  { key: 'temporary', label: 'Temporary (calls)', value: 8, blocks: 8, blocksOnly: true },
];
const valueCount = 9;
const nothing = new Float64Array(valueCount);

export function check(profile) {
  if (profile?.arpent !== 1 || !Array.isArray(profile.nodes) || !Array.isArray(profile.sites)) {
    throw new Error('this is no profile page of arpent, or one of another version');
  }
  return profile;
}

// What is shown of the latest profile alone.
const details = ({ source, sizes, lifetimes, threads }) => ({ source, sizes, lifetimes, threads });

export class Model {
  constructor(profiles) {
    this.profiles = profiles;
    this.compares = profiles.length === 2;
    this.latest = profiles.at(-1);
    this.parent = [-1];
    this.frames = [{ name: 'all', file: '', line: 0, module: '' }];
    this.sites = [];
    this.children = new Map();
    const siteIndices = new Map();
    profiles.forEach((profile, which) => this.#add(profile, which === profiles.length - 1, siteIndices));
  }

  // Builds differ in lines: two frames are the same when function, file and module are.
  #add(profile, latest, siteIndices) {
    const { strings, frames, nodes } = profile;
    const known = [];
    const merged = new Int32Array(nodes.length / 2);
    for (let node = 1; node < merged.length; node += 1) {
      const at = nodes[2 * node + 1] * 4;
      const parent = merged[nodes[2 * node]];
      const frame = (known[at / 4] ??= {
        name: strings[frames[at]],
        file: strings[frames[at + 1]],
        line: frames[at + 2],
        module: strings[frames[at + 3]],
      });
      if (!this.compares) {
        // nothing to merge: the profile's nodes are distinct already
        merged[node] = this.parent.push(parent) - 1;
        this.frames.push(frame);
        continue;
      }
      const key = `${parent}\0${frame.name}\0${frame.file}\0${frame.module}`;
      let own = this.children.get(key);
      if (own === undefined) {
        own = this.parent.push(parent) - 1;
        this.frames.push(frame);
        this.children.set(key, own);
      }
      merged[node] = own;
    }
    for (const site of profile.sites) {
      const node = merged[site.node];
      const description = strings[site.description];
      const key = this.compares ? `${node}\0${description}\0${strings[site.type]}` : this.sites.length;
      let own = siteIndices.get(key);
      if (own === undefined) {
        own = {
          node,
          description,
          label: strings[site.label],
          type: strings[site.type],
          family: strings[site.family],
          file: strings[site.file],
          line: site.line,
          intentional: site.intentional,
          ...details(site),
          before: this.compares ? new Float64Array(valueCount) : nothing,
          after: this.compares ? new Float64Array(valueCount) : site.values,
        };
        siteIndices.set(key, own);
        this.sites.push(own);
      }
      if (!this.compares) continue;
      if (latest) Object.assign(own, { line: site.line, ...details(site) });
      const values = latest ? own.after : own.before;
      site.values.forEach((value, index) => {
        values[index] += value;
      });
    }
  }

  // By node: what lies below it after and before, and the width that shows both.
  aggregate(metric) {
    const length = this.parent.length;
    const after = new Float64Array(length);
    const before = new Float64Array(length);
    const width = new Float64Array(length);
    for (const site of this.sites) {
      after[site.node] += site.after[metric.value];
      before[site.node] += site.before[metric.value];
    }
    for (let node = 0; node < length; node += 1) width[node] = Math.max(after[node], before[node]);
    for (let node = length - 1; node > 0; node -= 1) {
      after[this.parent[node]] += after[node];
      before[this.parent[node]] += before[node];
      width[this.parent[node]] += width[node];
    }
    const below = Array.from({ length }, () => null);
    for (let node = 1; node < length; node += 1) {
      if (width[node] > 0) (below[this.parent[node]] ??= []).push(node);
    }
    for (const list of below) list?.sort((a, b) => width[b] - width[a] || a - b);
    return { after, before, width, below };
  }

  // Outermost frame last, without the root.
  stack(node) {
    const frames = [];
    for (let each = node; each > 0; each = this.parent[each]) frames.push(this.frames[each]);
    return frames;
  }

  total(metric, when = 'after', field = 'value') {
    return this.sites.reduce((sum, site) => sum + site[when][metric[field]], 0);
  }
}
