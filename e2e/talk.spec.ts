import { readFile as readRecording } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AttemptStory, Attempt } from '../packages/contracts/src/index.ts';
import { labClient } from '../packages/lab/src/index.ts';
import { AgentDesk, CampaignPages, ImportWizard, StoryPage } from '../packages/web/src/testing/index.ts';
import { expectTone } from './support/expect-tone.ts';
import { TONE_NUMBERS } from './support/house.ts';
import { arrive, hire, MICROPHONE_HZ, openBrowser, restOf, type Rest } from './support/people.ts';
import { readWav } from './support/tones.ts';

const house = inject('house');
const lab = labClient(house.lab);
let browser: Browser;
let administrator: Rest;

beforeAll(async () => {
  administrator = await restOf(house, house.administrator);
  browser = await openBrowser(house);
});
afterAll(async () => {
  await browser.close();
});

const NAME = '欧阳知秋';
const CSV = `姓名,手机号,城市\n${NAME},${TONE_NUMBERS.prefix}00001,成都\n`;

test('a list becomes a campaign, and its callee and the agent in the browser hear each other', async () => {
  const agent = await hire(administrator, { login: 'listener', displayName: '林听', role: 'agent' });
  const supervisor = await hire(administrator, { login: 'watcher', displayName: '高看', role: 'supervisor' });

  // The agent goes to work.
  const listener = await arrive(browser, house, agent);
  const desk = new AgentDesk(listener.page);
  await desk.open(house.url);
  await desk.enter();
  await desk.ready();

  // The supervisor imports a list, makes a campaign of it and starts it from its page.
  const watcher = await arrive(browser, house, supervisor);
  const wizard = new ImportWizard(watcher.page);
  const file = { name: '回访名单.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) };
  await wizard.importFile(house.url, file, { isDemo: true });
  await wizard.makeCampaign();
  const campaigns = new CampaignPages(watcher.page);
  await campaigns.chooseAgents(['林听']);
  await campaigns.create();
  await campaigns.command('start');
  await campaigns.showLive();
  await campaigns.phase('running').waitFor();
  // Lost by any reload of the page.
  await watcher.page.evaluate(() => {
    document.body.dataset['mark'] = 'same page';
  });

  // The callee answers, and the agent sees who it is.
  await desk.inPhase('talking').waitFor();
  await desk.lead().getByText('成都').waitFor();
  await desk.inPhase('talking').getByText(NAME).waitFor();
  await expect.poll(() => campaigns.callCount('talking').innerText(), { timeout: 10_000 }).toBe('1');

  // Each hears the other.
  const [callee] = (await lab.calls()).filter(
    (call) => call.number.includes(TONE_NUMBERS.prefix) && call.endedAtMs === undefined,
  );
  if (callee === undefined) throw new Error('The lab has no such call.');
  const [heardByCallee, heardByAgent] = await Promise.all([lab.listen(callee.id, 2500), listener.hear()]);
  expectTone(heardByAgent.samples, heardByAgent.rate, TONE_NUMBERS.hz, 'in the browser');
  const atCallee = readWav(await readRecording(heardByCallee));
  expectTone(atCallee.channels[0] ?? [], atCallee.rate, MICROPHONE_HZ, 'at the callee');

  // The agent ends the call and writes the result without a mouse.
  await listener.page.keyboard.press('e');
  await desk.inPhase('wrapUp').waitFor();
  await listener.page.keyboard.press('1');
  await listener.page.keyboard.press('Control+Enter');
  await desk.inPhase('ready').waitFor();

  // The supervisor's page has followed, and leads to the story.
  await expect.poll(() => campaigns.outcomeCount('answered'), { timeout: 10_000 }).toBe(1);
  await campaigns.phase('finished').waitFor();
  expect(await watcher.page.evaluate(() => document.body.dataset['mark'])).toBe('same page');
  await campaigns.openFirstAttempt();
  const story = new StoryPage(watcher.page);
  await expect.poll(() => story.verdictRules().count()).toBeGreaterThan(3);
  await expect.poll(() => story.timeline().count()).toBeGreaterThan(5);
  await expect.poll(() => story.playButton().isEnabled(), { timeout: 15_000 }).toBe(true);
  await watcher.page.getByText('成都').first().waitFor();

  // The recording has the callee on the left and the agent on the right, and nothing of the one at the other.
  const campaignId = /campaigns\/([0-9a-f-]{36})/.exec(watcher.page.url())?.[1];
  const attempts = await administrator.get<{ items: Attempt[] }>(
    `/attempts?limit=10${campaignId === undefined ? '' : `&campaignId=${campaignId}`}`,
  );
  const attempt = attempts.items.find((item) => item.leadName === NAME);
  const told = await administrator.get<AttemptStory>(`/attempts/${attempt?.attemptId ?? ''}`);
  expect(told.attempt).toMatchObject({ outcome: 'answered', agentName: '林听', disposition: 'success' });
  expect(told.verdict).toMatchObject({ allowed: true, pack: 'lab' });
  const [recording] = told.recordings;
  const { rate, channels } = readWav(await administrator.download(`/recordings/${recording?.recordingId ?? ''}/audio`));
  const [left = [], right = []] = channels;
  expectTone(left, rate, TONE_NUMBERS.hz, 'on the left of the recording');
  expectTone(right, rate, MICROPHONE_HZ, 'on the right of the recording');
  expect(recording?.durationMs).toBeCloseTo((left.length / rate) * 1000, -2);

  expect([...listener.faults, ...watcher.faults]).toEqual([]);
  await listener.vanish();
  await watcher.vanish();
});
