// What the scripts share. Plain Node: it runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The clone. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Says what is wrong and how to mend it, and ends. */
export const die = (message) => {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
};

/** Ends with a clear message on a Node that is too old. */
export const requireNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    die(`Qianhu needs Node 20.19 or newer; this is ${process.version}. Install a newer Node and try again.`);
};

/** Runs a program to its end; its output is shown, or collected with `capture`. */
export const run = (command, args, { cwd = root, env = process.env, capture = false } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit' });
    let output = '';
    child.stdout?.on('data', (chunk) => (output += chunk));
    child.stderr?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: String(error) }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 130), output }));
  });

/** The program of an installed package. */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Whether what stands in node_modules is what the lock file asks for (npm keeps its own record of it). */
export const isInstalled = () => {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link || entry.optional || entry.devOptional || entry.peer) return true;
    return present[path]?.version === entry.version;
  });
};

/** Installs exactly the lock file's packages when they are missing or others. */
export const ensureInstalled = async () => {
  if (isInstalled()) return;
  console.log('Installing packages (npm ci) …');
  // Inside `npm start` the variables of the outer npm would be taken for settings of the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?:lifecycle|package|command)/.test(name)),
  );
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  const { code } =
    npm !== undefined && npm.endsWith('.js')
      ? await run(process.execPath, [npm, ...args], { env })
      : await run('npm', args, { env });
  if (code !== 0)
    die(
      'The packages could not be installed. npm says why above: usually there is no network, or its registry is not reachable (npm config get registry).',
    );
};

/** Files below folders of the clone, sorted. */
const filesBelow = (folder, take) => {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((file) => !/[/\\](?:node_modules|dist)[/\\]/.test(relative(root, file)) && take(file))
    .sort();
};

const isSource = (file) => /\.(?:ts|tsx|css|html|svg|json)$/.test(file) && !/\.test\.tsx?$/.test(file);

/** A digest of everything that a build depends on: any changed byte changes it. */
export const digestOf = (folders, files = []) => {
  const hash = createHash('sha256');
  for (const file of [
    ...folders.flatMap((folder) => filesBelow(folder, isSource)),
    ...files.map((f) => join(root, f)),
  ]) {
    hash.update(relative(root, file));
    hash.update('\0');
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
};
