// People at work: key flows by keyboard alone, and every form in a browser without script.

/** Slicing one small plate on a busy machine, ms. */
const SLICE_WAIT_MAX_MS = 60_000;

/** Tabs until something of that name has the focus. */
async function tabTo(page, name, most = 120) {
  for (let n = 0; n < most; n += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => document.activeElement?.textContent?.replace(/\s+/g, ' ').trim() ?? '');
    if (name.test(text)) { return; }
  }
  throw new Error(`${name} was not reached with ${most} tabs on ${page.url()}`);
}

/** Sends a form and waits for the page that answers. */
const send = (page, button) => Promise.all([page.waitForEvent('load'), button.click()]);

const says = async (page, words, what, fault) => {
  const text = await page.locator('body').innerText();
  if (!words.test(text)) { fault(`${what}: ${page.url()} does not say ${words}; it says: ${text.replace(/\s+/g, ' ').slice(0, 400)}`); }
};

/** The most urgent work from the board to its end, without a pointer. */
export async function pressKeys(open, scene, fault) {
  const context = await open();
  const page = await context.newPage();
  await page.goto(`${scene.agent.base}/`);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const skipped = await page.waitForURL(/#main$/, { timeout: 10_000 }).then(() => true, () => false);
  if (!skipped) { fault('the first stop of a page is not "Skip to content"'); }
  await tabTo(page, /^Sign off 1 part/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/finish\//);
  await tabTo(page, /^Good, bed is clear/);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${scene.agent.base}/`);
  await page.goto(`${scene.agent.base}/p/${scene.running}`);
  await tabTo(page, /^Pause/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await tabTo(page, /^Cancel this print/);
  await page.keyboard.press('Enter');
  await tabTo(page, /^Cancel the print/);

  await page.goto(`${scene.hub.base}/`);
  await tabTo(page, /^See why/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/orders\//);
  await tabTo(page, /^Put on hold/);
  await context.close();
}

const MODEL = Buffer.from('solid x\nvertex 0 0 0\nvertex 30 0 0\nvertex 0 20 5\nendsolid x\n');

/** Every form of the hub's pages, without script. */
export async function actHub(open, scene, fault) {
  const context = await open({ script: false, signedIn: false });
  const page = await context.newPage();
  const { base, user, password } = scene.hub;
  await page.goto(`${base}/`);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill('not the password');
  await send(page, page.getByRole('button', { name: 'Sign in' }));
  await says(page, /do not match/, 'a wrong password', fault);
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill(password);
  await send(page, page.getByRole('button', { name: 'Sign in' }));
  await says(page, /open orders?/, 'signing in', fault);

  await send(page, page.getByRole('button', { name: 'Dark' }));
  if (await page.locator('html').getAttribute('data-theme') !== 'dark') { fault('the dark theme is not kept'); }
  await page.goto(base + scene.order);
  await page.getByLabel('Why it should wait').fill('Waits for Eva');
  await send(page, page.getByRole('button', { name: 'Put on hold' }));
  await says(page, /Waits for Eva/, 'a hold', fault);
  await send(page, page.getByRole('button', { name: /^Release order/ }));
  if (await page.getByRole('button', { name: 'Put on hold' }).count() !== 1) { fault('the order was not released'); }

  await page.goto(`${base}/products`);
  await send(page, page.getByRole('link', { name: /^Choose parts/ }).first());
  await page.getByLabel('Model (.stl)').setInputFiles({ name: 'bin.stl', mimeType: 'model/stl', buffer: MODEL });
  await send(page, page.getByRole('button', { name: 'Add it' }));
  await says(page, /bin\.stl, 30 × 20 mm/, 'a part of a product', fault);
  await page.goto(`${base}/products`);
  await says(page, /Every product that was sold can be printed/, 'a product with its part', fault);
  await page.goto(`${base}/farm`);
  await page.getByLabel('Name of the workshop').fill('Aalst');
  await send(page, page.getByRole('button', { name: 'Make a code' }));
  await says(page, /Code for Aalst: \S+/, 'a code for a workshop', fault);
  await page.goto(`${base}/orders/none`);
  await says(page, /There is no such order/, 'an order that is not there', fault);
  await page.goto(`${base}/`);
  await send(page, page.getByRole('button', { name: 'Sign out' }));
  if (!page.url().endsWith('/login')) { fault('signing out does not lead to the sign-in page'); }
  await context.close();
}

/** Every form of the agent's pages, without script, from pairing to the emergency stop. */
export async function actAgent(open, scene, fault) {
  const context = await open({ script: false, signedIn: false });
  const page = await context.newPage();
  const { base, codes } = scene.agent;
  const go = (path) => page.goto(base + path);
  const press = (name) => send(page, page.getByRole('button', { name }).first());

  await go('/');
  await page.getByLabel('Code').fill('WRONG-CODE');
  await page.getByLabel('Your name').fill('Mark');
  await press('Pair');
  await says(page, /The code is wrong/, 'a wrong code', fault);
  await page.getByLabel('Code').fill(codes[0]);
  await page.getByLabel('Your name').fill('Mark');
  await press('Pair');
  await says(page, /Signed in as Mark/, 'pairing', fault);
  await press('Dark');
  if (await page.locator('html').getAttribute('data-theme') !== 'dark') { fault('the dark theme is not kept'); }

  await workQueue(page, { go, press }, scene, fault);
  await workPrinters(page, { go, press }, scene, fault);
  await context.close();
}

/** New grid, then the queue: hold, release, order, printer, back to where it came from. */
async function workQueue(page, { go, press }, scene, fault) {
  await go('/grid');
  await page.getByLabel('Width, mm').fill('84');
  await page.getByLabel('Depth, mm').fill('42');
  await press('Show the plan');
  await page.getByLabel('For', { exact: true }).fill('Marks drawer');
  await press(/^Print 1 plate/);
  await says(page, /Marks drawer A1/, 'a new grid', fault);
  const row = page.locator('.qrow', { hasText: 'Marks drawer A1' });
  const place = async () => (await page.locator('.qrow').allInnerTexts()).findIndex((t) => t.includes('Marks drawer A1'));
  // While it is sliced, a page of it is soon too old to act on.
  for (const end = Date.now() + SLICE_WAIT_MAX_MS; !(await row.innerText()).includes('Waiting for printer');) {
    if (Date.now() > end) { throw new Error('the new grid was not sliced in time'); }
    await page.waitForTimeout(500);
    await go('/queue');
  }
  const before = await place();
  await send(page, row.getByRole('button', { name: /^Up/ }));
  if (await place() !== before - 1) { fault(`up moved a plate from ${before} to ${await place()}`); }
  await send(page, row.getByRole('button', { name: /^Down/ }));
  if (await place() !== before) { fault('down does not undo up'); }
  await row.locator('summary').click();
  await send(page, row.getByRole('button', { name: /^Hold it here/ }));
  await says(page, /Release/, 'a hold', fault);
  await send(page, row.getByRole('button', { name: /^Release/ }).first());
  await row.locator('summary').click();
  await row.getByLabel('Next, on').selectOption(scene.idle);
  await send(page, row.getByRole('button', { name: /^Move to the front/ }));
  if (await place() > 1) { fault(`moved to the front, and is number ${await place() + 1}`); }
  await row.locator('summary').click();
  await send(page, row.getByRole('button', { name: /^Drop it/ }));
  if (await row.count() !== 0) { fault('a dropped plate is still in the queue'); }
}

/** Beds, what is loaded, service, a decision, a count with scrap, a resumed print, a stop. */
async function workPrinters(page, { go, press }, scene, fault) {
  const more = () => page.locator('#more:not([open]) > summary').click();
  await go(`/p/${scene.idle}`);
  await more();
  await page.getByLabel('Its colour').fill('sand');
  await press('Save what is loaded');
  await says(page, /PLA sand/, 'what is loaded', fault);
  await more();
  await page.getByLabel('Why it gets no work').fill('New nozzle');
  await press(/^Out of service/);
  await says(page, /New nozzle/, 'out of service', fault);
  await more();
  await press('Put back in service');
  await press('Bed is clear');
  await says(page, /Bed is clear|Ready|Heating|Printing/, 'a clear bed', fault);

  await go(scene.unknown);
  await press('There is plastic on the bed');
  await says(page, /how did .* come out/, 'a decision', fault);
  await page.locator('label.u').first().click();
  await press('Save as marked');
  await says(page, /Needs you/, 'a count with scrap', fault);

  await go(`/p/${scene.paused}`);
  await press('Resume');
  await says(page, /Pause/, 'a resumed print', fault);
  await page.getByText('Emergency stop').click();
  await press(/^Stop .* now/);
  await says(page, /Attention|Offline|Needs clearing|Unknown/, 'an emergency stop', fault);
  await go(`/p/${scene.offline}`);
  await press('Connect again');
  await says(page, /There is no serial port .*: is the printer plugged in and switched on\?/, 'connecting again', fault);
}
