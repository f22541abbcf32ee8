#!/usr/bin/env node
// `npx qianhu …`: the command line. Builds it when it is missing or its sources changed.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, requireNode, root } from './lib.mjs';

requireNode();
// Scripts read what we print: what the preparation says goes to standard error.
const log = console.log;
console.log = console.error;
await ensureInstalled();
const { buildAll } = await import('./build.mjs');
await buildAll({ only: 'programs' });
console.log = log;
process.setSourceMapsEnabled(true);
await import(pathToFileURL(join(root, 'dist', 'cli.js')).href);
