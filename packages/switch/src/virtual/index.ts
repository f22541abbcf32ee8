export * from './callee-script.ts';
export type { ExchangeOptions } from './exchange-types.ts';
export { seededRandom, type Random } from './seeded-random.ts';
export { realScheduler, VirtualClock, type Scheduler } from './virtual-clock.ts';
export { VirtualExchange } from './virtual-exchange.ts';
export type { CommandFault, CommandName, SwitchFaults } from './virtual-faults.ts';
export type { TrunkBehaviour } from './virtual-provisioning.ts';
export { createVirtualSwitch, VirtualSwitch } from './virtual-switch.ts';
