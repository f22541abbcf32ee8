// `npm start`: the first command after a clone, and every later one. Installs and builds what is missing, then serves.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, requireNode, root } from './lib.mjs';

requireNode();
process.chdir(root);
await ensureInstalled();
const { buildAll } = await import('./build.mjs');
await buildAll();
process.setSourceMapsEnabled(true);
await import(pathToFileURL(join(root, 'dist', 'main.js')).href);
