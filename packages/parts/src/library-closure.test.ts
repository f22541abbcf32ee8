import { describe, expect, it } from 'vitest';
import { parseLibraryList } from './library-closure.ts';

describe('the list of libraries', () => {
  it('gives paths, without the kernel’s own, and names what is missing', () => {
    const text = [
      '\tlinux-vdso.so.1 (0x00007ffd)',
      '\tlibc.so.6 => /r/usr/lib/libc.so.6 (0x00007f00)',
      '\tlibodd name.so => /r/a b/libodd name.so (0x1)',
      '\tlibgone.so.2 => not found',
      '\t/r/ld-linux-x86-64.so.2 (0x00007f99)',
    ].join('\n');
    expect(parseLibraryList(text)).toEqual({
      paths: ['/r/usr/lib/libc.so.6', '/r/ld-linux-x86-64.so.2'],
      missing: ['libgone.so.2'],
    });
  });
});
