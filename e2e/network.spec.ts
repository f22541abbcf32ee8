import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { labClient } from '../packages/lab/src/index.ts';
import { AgentDesk, CampaignPages, ImportWizard } from '../packages/web/src/testing/index.ts';
import { addMachine, whyNoOtherMachine, type AnotherMachine } from './support/another-machine.ts';
import { openHouse, runToEnd, TONE_NUMBERS, type OpenHouse } from './support/house.ts';
import { arrive, MICROPHONE_HZ, openBrowser, type Login } from './support/people.ts';
import { expectTone } from './support/expect-tone.ts';
import { readWav, toneIn } from './support/tones.ts';

/** Network mode: an agent whose browser runs on another machine, behind a cable. */

const reason = await whyNoOtherMachine();
if (reason !== undefined) console.warn(`Not tried, an agent on another machine: ${reason}`);

let machine: AnotherMachine | undefined;
let open: OpenHouse | undefined;
let browser: Browser | undefined;
afterAll(async () => {
  await browser?.close();
  await open?.end();
  await machine?.remove();
}, 120_000);
beforeAll(async () => {
  if (reason !== undefined) return;
  machine = await addMachine();
  open = await openHouse({ address: machine.ourAddress, parts: inject('house').partsDir });
}, 300_000);

/** What Chromium knows a certificate by: the hash of its public key. */
const keyHash = (certificate: X509Certificate): string =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

const NAME = '上官远';
const NUMBER = `${TONE_NUMBERS.prefix}00055`;

test.skipIf(reason !== undefined)(
  'an agent on another machine talks by HTTPS, WSS and ICE; when its network vanishes, the callee hears the message',
  async () => {
    if (machine === undefined || open === undefined) throw new Error('Nothing was set up.');
    const { house, environment } = open;

    // The certificate is good for the address, and whoever trusts it needs nothing else.
    const certificate = new X509Certificate(await readFile(join(house.folder, 'tls-cert.pem')));
    expect(certificate.checkIP(machine.ourAddress)).toBe(machine.ourAddress);

    // The command line finds its way, as in local mode.
    const hire = async (login: string, role: string): Promise<Login> => {
      const printed = await runToEnd(
        ['scripts/qianhu.mjs', '--json', 'user', 'add', login, '--role', role],
        environment,
      );
      return { login, password: (JSON.parse(printed) as { password: string }).password };
    };
    // People are made anew where the test is tried again.
    const again = randomUUID().slice(0, 4);
    const [agent, supervisor] = [await hire(`farah-${again}`, 'agent'), await hire(`boss-${again}`, 'supervisor')];

    browser = await openBrowser(house, {
      command: await machine.wrap(house.chromium.command, house.folder),
      certificateKey: keyHash(certificate),
    });
    const farah = await arrive(browser, house, agent, { language: 'en', nextPassword: 'long-enough-farah' });
    const desk = new AgentDesk(farah.page, 'en');
    await desk.open(house.url);
    await desk.enter();
    await desk.ready();
    const cookies = await farah.page.context().cookies();
    expect(cookies.filter(({ httpOnly }) => httpOnly)).toMatchObject([{ secure: true, sameSite: 'Strict' }]);

    const boss = await arrive(browser, house, supervisor, { language: 'en', nextPassword: 'long-enough-boss' });
    const wizard = new ImportWizard(boss.page, 'en');
    const file = { name: 'far.csv', mimeType: 'text/csv', buffer: Buffer.from(`Name,Phone\n${NAME},${NUMBER}\n`) };
    await wizard.importFile(house.url, file, { isDemo: true });
    await wizard.makeCampaign();
    const campaigns = new CampaignPages(boss.page, 'en');
    await campaigns.chooseAgents([agent.login]);
    await campaigns.createAndStart();

    await desk.inPhase('talking').getByText(NAME).waitFor();
    const lab = labClient(house.lab);
    const callee = (await lab.calls()).find((call) => call.number.endsWith(NUMBER) && call.endedAtMs === undefined);
    if (callee === undefined) throw new Error('The lab has no such call.');
    const [heardByCallee, heardByAgent] = await Promise.all([lab.listen(callee.id, 2500), farah.hear()]);
    expectTone(heardByAgent.samples, heardByAgent.rate, TONE_NUMBERS.hz, 'in the browser');
    const atCallee = readWav(await readFile(heardByCallee));
    expectTone(atCallee.channels[0] ?? [], atCallee.rate, MICROPHONE_HZ, 'at the callee');

    expect([...farah.faults, ...boss.faults]).toEqual([]);

    // The cable is pulled in mid-call. Nobody says goodbye: the silence on the wire tells, and as nobody else is there the
    // callee hears the message and is let go.
    await machine.pullCable();
    const untilAlone = async (): Promise<{ readonly heard: number; readonly pure: number }> => {
      const alone = readWav(await readFile(await lab.listen(callee.id, 1000)));
      return toneIn(alone.channels[0] ?? [], alone.rate, MICROPHONE_HZ);
    };
    await expect
      .poll(untilAlone, { timeout: 20_000, interval: 100 })
      .toSatisfy(({ heard, pure }: { heard: number; pure: number }) => heard > 0.1 && pure < 0.1);
    await expect
      .poll(async () => (await lab.calls(callee.number)).at(-1), { timeout: 40_000 })
      .toMatchObject({ endedBy: 'caller' });
    const printed = await runToEnd(['scripts/qianhu.mjs', 'attempts', 'export'], environment);
    expect(printed.split('\n').find((line) => line.includes(NUMBER))).toContain('answered');
  },
  240_000,
);
