import { join } from 'node:path';
import { ensureDebianPackages } from '../debian/debian-packages.ts';
import { keepOnly } from '../library-closure.ts';
import { readIfPresent, writeFileAtomically } from '../private-file.ts';
import type { EnsureProgramOptions } from './program.ts';

/** Latin letters and the Chinese ones of GB 18030's common part, small enough to fetch for a test run. */
const FONT_PACKAGES: readonly string[] = ['fonts-wqy-zenhei', 'fonts-dejavu-core'];

/** A fontconfig file that knows these fonts and whatever the machine has; complete by itself, since a bare machine has no /etc/fonts. */
export function fontConfigText(folder: string): string {
  const family = (name: string): string =>
    `<alias><family>${name}</family><prefer><family>DejaVu Sans</family><family>WenQuanYi Zen Hei</family></prefer></alias>`;
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE fontconfig SYSTEM "fonts.dtd">',
    '<fontconfig>',
    `<dir>${folder.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</dir>`,
    '<dir>/usr/share/fonts</dir>',
    '<cachedir prefix="xdg">fontconfig</cachedir>',
    family('sans-serif'),
    family('serif'),
    family('system-ui'),
    '<alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family><family>WenQuanYi Zen Hei Mono</family></prefer></alias>',
    '</fontconfig>',
    '',
  ].join('\n');
}

/** Fonts that show Chinese, in the private folder; the path of a fontconfig file for `FONTCONFIG_FILE`. */
export async function ensureFonts(options: EnsureProgramOptions): Promise<string> {
  const { partsDir, onProgress, signal } = options;
  const part = await ensureDebianPackages({
    partsDir,
    name: 'fonts',
    packages: FONT_PACKAGES,
    leaveOut: ['fontconfig-config', 'ucf'],
    suites: [{ kind: 'native' }, { kind: 'named', name: 'testing' }],
    recipe: 'fonts-1',
    trim: async (root) => await keepOnly(root, new Set([join(root, 'usr', 'share', 'fonts')])),
    onProgress,
    signal,
  });
  const file = join(partsDir, 'fonts', 'fonts.conf');
  const text = fontConfigText(join(part.root, 'usr', 'share', 'fonts'));
  if ((await readIfPresent(file)) !== text) await writeFileAtomically(file, text, { mode: 0o644 });
  return file;
}
