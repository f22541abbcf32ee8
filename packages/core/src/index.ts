export * from './ids.ts';
export * from './machine.ts';
export * from './call/hangup.ts';
export * from './call/outcome.ts';
export * from './dialing/pacer.ts';
