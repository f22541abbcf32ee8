export * from './port.ts';
export * from './virtual/index.ts';
