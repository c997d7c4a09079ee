// One look at one page: is it accessible, whole, quiet, reachable by keyboard, and within its width?

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Fingers are wide: smallest side of a target, CSS px. Half a pixel is rounding. */
const TARGET_PX_MIN = 47.5;
/** How much of a page may jump while it loads. */
const SHIFT_MAX = 0.001;
/** Keys pressed on one page at most. */
const TABS_MAX = 250;

/** Looks at a page and says what is wrong with it. Answers its title. */
export async function look(context, scene, { page: it, size, theme, hasKeys, mustFit }, fault) {
  const base = scene[it.of].base;
  const page = await context.newPage();
  const known = it.status && it.status >= 400;
  page.on('console', (m) => { if (m.type() === 'error' && !(known && m.text().includes(String(it.status)))) { fault(`console: ${m.text()}`); } });
  page.on('pageerror', (e) => fault(`script: ${e.message}`));
  page.on('request', (r) => { if (!r.url().startsWith(`${base}/`) && !r.url().startsWith('data:')) { fault(`asks another host: ${r.url()}`); } });
  const answer = await page.goto(base + it.path, { waitUntil: 'load' });
  if (answer.status() !== (it.status ?? 200)) { fault(`answered ${answer.status()}`); }
  await page.screenshot({ path: `${scene.out}/${it.of}-${it.name}-${size[0]}-${theme}.png`, fullPage: true });
  // From here on the page keeps still, as it does for whoever has begun to fill in a form.
  await page.evaluate(() => document.dispatchEvent(new Event('input')));
  for (const words of it.says ?? []) {
    if (!(await page.locator('body').innerText()).includes(words)) { fault(`does not say ${JSON.stringify(words)}`); }
  }
  for (const what of await page.evaluate(shape, { TARGET_PX_MIN, SHIFT_MAX, theme, mustFit })) { fault(what); }
  await checkAxe(page, fault, '');
  if (await page.locator('details:not([open])').count() > 0) {
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
    await checkAxe(page, fault, ' with everything open');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) { fault(`is ${wide} px too wide with everything open`); }
  }
  if (hasKeys) { await checkKeys(page, fault); }
  return page.title();
}

async function checkAxe(page, fault, when) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document));
  for (const v of result.violations) {
    fault(`axe${when}: ${v.id} at ${v.nodes.length} places, first ${v.nodes[0].target}: ${v.nodes[0].failureSummary.replace(/\s+/g, ' ')}`);
  }
}

/** Runs in the page: what its shape must be. */
function shape({ TARGET_PX_MIN, SHIFT_MAX, theme, mustFit }) {
  const faults = [];
  const all = (what) => [...document.querySelectorAll(what)];
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) { faults.push(`is ${wide} px too wide`); }
  const over = document.documentElement.scrollHeight - window.innerHeight;
  if (mustFit && over > 0) { faults.push(`is ${over} px too tall`); }
  if (all('h1').length !== 1 || !document.querySelector('h1').textContent.trim()) { faults.push('needs one h1 with words'); }
  if (!document.title.trim()) { faults.push('has no title'); }
  if (all('[aria-live]').length !== 1) { faults.push(`has ${all('[aria-live]').length} live lines, needs one`); }
  if (document.documentElement.dataset.theme !== theme) { faults.push(`is not in the ${theme} theme`); }
  for (const el of all('use')) {
    if (!document.querySelector(el.getAttribute('href'))) { faults.push(`lacks the icon ${el.getAttribute('href')}`); }
  }
  for (const el of all('a[href], button, summary, select, input:not([type=hidden])')) {
    const isInSentence = el.matches('a') && getComputedStyle(el).display === 'inline';
    // A card is one link as a whole.
    const box = (el.closest('label') ?? (el.matches('.band a') ? el.closest('.p') : el)).getBoundingClientRect();
    const isSeen = box.width > 1 && box.height > 1;
    if (isSeen && !isInSentence && (box.width < TARGET_PX_MIN || box.height < TARGET_PX_MIN)) {
      faults.push(`has a target of ${box.width.toFixed(0)} × ${box.height.toFixed(0)} px: ${el.outerHTML.slice(0, 90)}`);
    }
  }
  const shifts = performance.getEntriesByType('layout-shift').reduce((sum, s) => sum + s.value, 0);
  if (shifts > SHIFT_MAX) { faults.push(`jumps while it loads: ${shifts.toFixed(4)}`); }
  return faults;
}

/** Every action is reached with Tab, and shows where the focus is. */
async function checkKeys(page, fault) {
  const names = await page.evaluate(() => {
    const groups = new Set();
    const reachable = [...document.querySelectorAll('a[href], button, summary, select, textarea, input:not([type=hidden])')].filter((el) => {
      if (!el.checkVisibility({ visibilityProperty: true }) || el.disabled || el.tabIndex < 0) { return false; }
      const group = el.type === 'radio' ? `${el.form?.action} ${el.name}` : null;
      const isFirst = !group || !groups.has(group);
      groups.add(group);
      return isFirst;
    });
    reachable.forEach((el, n) => { el.dataset.key = n; });
    document.activeElement?.blur();
    return reachable.map((el) => el.outerHTML.slice(0, 100));
  });
  const missing = new Set(names.keys());
  for (let n = 0; n < Math.min(names.length + 2, TABS_MAX) && missing.size > 0; n += 1) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const el = document.activeElement;
      const rings = [[el], [el, '::after'], [el.nextElementSibling], [el.parentElement]].filter(([of]) => of).map((of) => getComputedStyle(...of));
      return { key: el.dataset.key, hasRing: rings.some((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2) };
    });
    if (at.key === undefined) { continue; }
    if (!at.hasRing) { fault(`shows no focus on ${names[at.key]}`); }
    missing.delete(Number(at.key));
  }
  for (const n of [...missing].slice(0, 3)) { fault(`cannot be reached by Tab (${missing.size} such): ${names[n]}`); }
}
