export * from './dnc.ts';
export * from './imports.ts';
export * from './lists.ts';
