// Looks at every page of a running farm with a real browser and works its forms as people do.
//
//   node run.mjs SCENE.json
//
// The scene (made by pages.rs) names servers, sessions, pages and what lies on the floor. Faults are printed one per
// line; the exit code is 1 if there is any. Nothing is loaded from another host, and that is one of the checks.

import { readFileSync, mkdirSync, rmSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { look } from './look.mjs';
import { actAgent, actHub, pressKeys } from './act.mjs';
import { stayLive } from './live.mjs';

const scene = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const SIZES = [[360, 740], [1024, 768], [1440, 900]];
/** A television; for pages that are read from afar and must fit without scrolling. */
const TELEVISION = [1920, 1080];
const THEMES = ['light', 'dark'];
/** Pages looked at side by side: the browser has about two cores. */
const AT_ONCE = 3;
/** Longest wait for anything on a page, ms. */
const WAIT_MAX_MS = 15_000;
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];

const faults = [];
const fault = (where, what) => {
  faults.push(`${where}: ${what}`);
  console.log(`FAULT ${where}: ${what}`);
};

// Pictures of an earlier run would pass for those of this one.
rmSync(scene.out, { recursive: true, force: true });
mkdirSync(scene.out, { recursive: true });
const browser = await chromium.launch({ executablePath: scene.chromium, headless: true, args: FLAGS });

/** A browser window of a person who is signed in at both servers, or of a stranger. */
async function open({ size = [1024, 768], theme = 'light', script = true, signedIn = true } = {}) {
  const context = await browser.newContext({
    viewport: { width: size[0], height: size[1] },
    javaScriptEnabled: script,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(WAIT_MAX_MS);
  for (const server of [scene.agent, scene.hub]) {
    const cookies = [{ name: 'theme', value: theme, url: server.base }];
    if (signedIn) { cookies.push({ name: server.cookie[0], value: server.cookie[1], url: server.base }); }
    await context.addCookies(cookies);
  }
  return context;
}

/** Every width and both themes on every page; every pair of them where there is time. */
function views() {
  const sizes = (page) => (page.tv ? [...SIZES, TELEVISION] : SIZES);
  return scene.pages.flatMap((page, n) => sizes(page).flatMap((size, w) => {
    const themes = scene.all ? THEMES : [THEMES[(n + w) % THEMES.length]];
    return themes.map((theme) => ({ page, size, theme, hasKeys: w === 1, mustFit: size === TELEVISION }));
  }));
}

const started = Date.now();
const waiting = views();
const all = waiting.length;
const titles = new Map();
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let view = waiting.shift(); view; view = waiting.shift()) {
    const { page, size, theme } = view;
    const where = `${page.of} ${page.name} ${size[0]} ${theme}`;
    const context = await open({ size, theme, signedIn: !page.stranger });
    try {
      const title = await look(context, scene, view, (what) => fault(where, what));
      titles.set(`${page.of} ${page.name}`, title);
    } catch (error) {
      fault(where, error.message);
    }
    await context.close();
  }
}));
for (const [name, title] of titles) {
  const same = [...titles].filter(([, other]) => other === title).map(([other]) => other);
  if (same.length > 1 && same[0] === name) { fault(same.join(', '), `have the same title: ${title}`); }
}
console.log(`looked at ${all} views of ${scene.pages.length} pages in ${Math.round((Date.now() - started) / 1000)} s`);

for (const act of [stayLive, actHub, actAgent, pressKeys]) {
  const begun = Date.now();
  try {
    await act(open, scene, (what) => fault(act.name, what));
  } catch (error) {
    fault(act.name, error.message);
  }
  console.log(`${act.name} took ${Math.round((Date.now() - begun) / 1000)} s`);
}
await browser.close();
console.log(`${faults.length} faults; pictures in ${scene.out}`);
process.exit(faults.length === 0 ? 0 : 1);
