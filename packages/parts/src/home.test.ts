import { describe, expect, it } from 'vitest';
import { resolveHome } from './home.ts';

describe('the home', () => {
  it('is a system folder for root and a folder of the working folder for others', () => {
    expect(resolveHome({ isRoot: true, cwd: '/work' }).home).toBe('/var/lib/qianhu');
    expect(resolveHome({ isRoot: false, cwd: '/work' }).home).toBe('/work/.qianhu');
  });

  it('is where QIANHU_HOME says, relative to the working folder, and an empty value counts as unset', () => {
    expect(resolveHome({ home: 'x', isRoot: true, cwd: '/work' }).home).toBe('/work/x');
    expect(resolveHome({ home: '', isRoot: true, cwd: '/work' }).home).toBe('/var/lib/qianhu');
  });

  it('holds the parts unless QIANHU_PARTS says otherwise', () => {
    expect(resolveHome({ home: '/h', isRoot: false, cwd: '/' }).partsDir).toBe('/h/parts');
    expect(resolveHome({ home: '/h', parts: '/p', isRoot: false, cwd: '/' })).toMatchObject({
      partsDir: '/p',
      postgresDir: '/h/postgres',
    });
    expect(resolveHome({ home: '/h', isRoot: false, cwd: '/' }).asteriskDir('lab')).toBe('/h/asterisk-lab');
  });
});
