import { describeSwitchContract } from '../contract/switch-contract.ts';
import { makeVirtualRig } from './virtual-rig.ts';

describeSwitchContract('the virtual switch', makeVirtualRig);
