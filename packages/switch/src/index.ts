export * from './port.ts';
export * from './virtual/index.ts';
export * from './asterisk/index.ts';
export { silentLogger, type Logger } from './logger.ts';
