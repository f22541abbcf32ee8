import { afterEach, beforeEach, describe } from 'vitest';

import { makeBench, type Bench } from './contract-bench.ts';
import type { ContractRig } from './contract-rig.ts';
import { bridgeContract } from './bridge-contract.ts';
import { connectionContract } from './connection-contract.ts';
import { legContract } from './leg-contract.ts';
import { provisioningContract } from './provisioning-contract.ts';
import { soundContract } from './sound-contract.ts';

/**
 * What every adapter of the port must do, sentence by sentence; run it on each with far ends that the rig controls.
 * @param makeRig Called before each test; the rig is closed after it (with calls that a failed test left behind).
 */
export const describeSwitchContract = (name: string, makeRig: () => Promise<ContractRig>): void => {
  describe(`the switch contract on ${name}`, () => {
    let bench: Bench | undefined;
    beforeEach(async () => {
      bench = await makeBench(await makeRig());
    });
    afterEach(async () => {
      await bench?.rig.close();
      bench = undefined;
    });
    const current = (): Bench => {
      if (bench === undefined) throw new Error('The rig was not made.');
      return bench;
    };
    legContract(current);
    bridgeContract(current);
    soundContract(current);
    provisioningContract(current);
    connectionContract(current);
  });
};
