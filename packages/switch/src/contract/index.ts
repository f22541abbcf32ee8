export type { ContractRig, FarEnd, FarEndAct, FarEndStep } from './contract-rig.ts';
export { describeSwitchContract } from './switch-contract.ts';
