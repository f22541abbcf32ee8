import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Attempt, AttemptStory } from '../packages/contracts/src/index.ts';
import { labClient } from '../packages/lab/src/index.ts';
import { AgentDesk, CampaignPages, ImportWizard } from '../packages/web/src/testing/index.ts';
import { TONE_NUMBERS } from './support/house.ts';
import { arrive, hire, MICROPHONE_HZ, openBrowser, restOf, type Person, type Rest } from './support/people.ts';
import { readWav, toneIn } from './support/tones.ts';

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

const NUMBER = `${TONE_NUMBERS.prefix}00077`;
const NAME = '司马青';

/** An agent at the desk in a browser, with a phone, not yet ready. */
const atDesk = async (login: string, displayName: string): Promise<{ person: Person; desk: AgentDesk }> => {
  const agent = await hire(administrator, { login, displayName, role: 'agent' });
  const person = await arrive(browser, house, agent, { language: 'en' });
  const desk = new AgentDesk(person.page, 'en');
  await desk.open(house.url);
  await desk.enter();
  return { person, desk };
};

test('a callee whose agent closes the tab gets another agent, then a message, and the record is whole', async () => {
  const lea = await atDesk('lea', 'Lea Leaver');
  const sam = await atDesk('sam', 'Sam Second');
  await lea.desk.ready();

  const supervisor = await hire(administrator, { login: 'sue', displayName: 'Sue', role: 'supervisor' });
  const sue = await arrive(browser, house, supervisor, { language: 'en' });
  const wizard = new ImportWizard(sue.page, 'en');
  const file = { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(`Name,Phone\n${NAME},${NUMBER}\n`) };
  await wizard.importFile(house.url, file, { isDemo: true });
  await wizard.makeCampaign();
  const campaigns = new CampaignPages(sue.page, 'en');
  await campaigns.chooseAgents(['Lea Leaver', 'Sam Second']);
  await campaigns.createAndStart();
  await campaigns.showLive();

  await lea.desk.inPhase('talking').getByText(NAME).waitFor();
  const callee = (await lab.calls()).find((call) => call.number.endsWith(NUMBER) && call.endedAtMs === undefined);
  if (callee === undefined) throw new Error('The lab has no such call.');

  // The tab is closed in mid-call; Sam takes over the same callee.
  await sam.desk.ready();
  await lea.person.vanish();
  await sam.desk.inPhase('talking').getByText(NAME).waitFor();
  const [path, atSam] = await Promise.all([lab.listen(callee.id, 2000), sam.person.hear()]);
  expect(toneIn(atSam.samples, atSam.rate, TONE_NUMBERS.hz).pure, 'callee heard by Sam').toBeGreaterThan(0.7);
  const atCallee = readWav(await readFile(path));
  expect(
    toneIn(atCallee.channels[0] ?? [], atCallee.rate, MICROPHONE_HZ).pure,
    'Sam heard by the callee',
  ).toBeGreaterThan(0.7);

  // Now nobody is left: the callee hears something other than an agent, and then the call is ended for them.
  await sam.person.vanish();
  await expect.poll(() => campaigns.callCount('talking').innerText(), { timeout: 10_000 }).toBe('0');
  const alone = readWav(await readFile(await lab.listen(callee.id, 3000)));
  const { heard, pure } = toneIn(alone.channels[0] ?? [], alone.rate, MICROPHONE_HZ);
  expect(heard, 'sound for a callee without an agent').toBeGreaterThan(0.1);
  expect(pure, 'the vanished agent').toBeLessThan(0.1);
  await campaigns.phase('finished').waitFor({ timeout: 40_000 });
  await expect
    .poll(async () => (await lab.calls(callee.number)).at(-1), { timeout: 5000 })
    .toMatchObject({ endedBy: 'caller' });

  // One attempt, answered, with every second that was talked.
  const { items } = await administrator.get<{ items: Attempt[] }>('/attempts?limit=50');
  const attempts = items.filter((attempt) => attempt.leadName === NAME);
  expect(attempts).toHaveLength(1);
  const [attempt] = attempts;
  expect(attempt).toMatchObject({ outcome: 'answered' });
  expect(attempt?.endedAtMs).toBeGreaterThan(attempt?.bridgedAtMs ?? Infinity);
  const story = await administrator.get<AttemptStory>(`/attempts/${attempt?.attemptId ?? ''}`);
  expect(story.recordings.length).toBeGreaterThan(0);
  expect(story.recordings.map((recording) => recording.state)).toEqual(story.recordings.map(() => 'done'));
  expect(sue.faults).toEqual([]);
  await sue.vanish();
});
