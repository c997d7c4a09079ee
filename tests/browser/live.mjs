// Pages follow what happens without being asked again.

/** A change must be on an open page within this, ms. */
const LIVE_MS_MAX = 8_000;

/** Two windows: what one person does, the other sees by itself, on the hub and at the agent. */
export async function stayLive(open, scene, fault) {
  const [watching, acting] = [await open(), await open({ script: false })];
  const look = async (of, path) => {
    const page = await watching.newPage();
    await page.goto(scene[of].base + path);
    await page.evaluate(() => { globalThis.isTheSamePage = true; });
    return page;
  };
  const follow = async (page, what, words) => {
    try {
      await page.getByText(words).first().waitFor({ timeout: LIVE_MS_MAX });
      if (!(await page.evaluate(() => globalThis.isTheSamePage))) { fault(`${what}: the page was loaded again`); }
    } catch (error) {
      fault(`${what}: not shown within ${LIVE_MS_MAX} ms (${error.message.split('\n')[0]})`);
    }
  };

  const order = await look('hub', scene.order);
  const orders = await look('hub', '/');
  const hand = await acting.newPage();
  await hand.goto(scene.hub.base + scene.order);
  await hand.getByLabel('Why it should wait').fill('Eva asks for a call first');
  await hand.getByRole('button', { name: 'Put on hold' }).click();
  await follow(order, 'order page', 'Eva asks for a call first');
  await follow(orders, 'orders page', 'Eva asks for a call first');
  await hand.getByRole('button', { name: /^Release order/ }).click();

  const printer = await look('agent', `/p/${scene.idle}`);
  await hand.goto(`${scene.agent.base}/p/${scene.idle}`);
  await hand.locator('#more:not([open]) > summary').click();
  await hand.getByLabel('Why it gets no work').fill('New belt is on its way');
  await hand.getByRole('button', { name: /^Out of service/ }).click();
  await follow(printer, 'printer page', 'New belt is on its way');
  await hand.locator('#more:not([open]) > summary').click();
  await hand.getByRole('button', { name: 'Put back in service' }).click();
  await watching.close();
  await acting.close();
}
