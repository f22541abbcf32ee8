import { afterAll, beforeAll } from 'vitest';
import { describeSwitchContract } from '../contract/switch-contract.ts';
import { startAsteriskUnderTest, type AsteriskUnderTest } from '../testing/asterisk-under-test.ts';
import { makeAsteriskRig } from './asterisk-rig.ts';

let asterisk: AsteriskUnderTest;
beforeAll(async () => {
  asterisk = await startAsteriskUnderTest();
}, 600_000);
afterAll(() => asterisk.close());

describeSwitchContract('asterisk', () => makeAsteriskRig(asterisk));
