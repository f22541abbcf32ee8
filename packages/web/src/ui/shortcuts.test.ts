import { describe, expect, it, vi } from 'vitest';
import { keyName, ShortcutRegistry, type KeyPress } from './shortcuts.ts';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  repeat: false,
  inField: false,
  ...more,
});

const setUp = () => {
  let now = 0;
  const registry = new ShortcutRegistry(() => now);
  return { registry, wait: (ms: number) => (now += ms) };
};

describe('shortcuts', () => {
  it('runs what a key means', () => {
    const { registry } = setUp();
    const run = vi.fn();
    registry.add([{ keys: 'r', label: 'Ready', group: 'Desk', run }]);
    expect(registry.press(press('r'))).toBe(true);
    expect(run).toHaveBeenCalledOnce();
  });

  it('leaves keys alone while somebody writes, save those that write nothing', () => {
    const { registry } = setUp();
    const letter = vi.fn();
    const enter = vi.fn();
    registry.add([
      { keys: 'r', label: 'Ready', group: 'Desk', run: letter },
      { keys: 'mod+enter', label: 'Save', group: 'Desk', run: enter, inFields: true },
    ]);
    expect(registry.press(press('r', { inField: true }))).toBe(false);
    expect(registry.press(press('Enter', { inField: true, ctrlKey: true }))).toBe(true);
    expect(letter).not.toHaveBeenCalled();
    expect(enter).toHaveBeenCalledOnce();
  });

  it('takes no pinyin for a command', () => {
    expect(keyName(press('r', { isComposing: true }))).toBeUndefined();
    expect(keyName(press('Process'))).toBeUndefined();
  });

  it('does not run twice while a key is held down', () => {
    const { registry } = setUp();
    const run = vi.fn();
    registry.add([{ keys: 'e', label: 'Hang up', group: 'Call', run }]);
    registry.press(press('e'));
    expect(registry.press(press('e', { repeat: true }))).toBe(true);
    expect(run).toHaveBeenCalledOnce();
  });

  it('knows one key after another, within about a second', () => {
    const { registry, wait } = setUp();
    const go = vi.fn();
    registry.add([{ keys: 'g c', label: 'Campaigns', group: 'Everywhere', run: go }]);
    expect(registry.press(press('g'))).toBe(true);
    wait(300);
    registry.press(press('c'));
    expect(go).toHaveBeenCalledTimes(1);
    registry.press(press('g'));
    wait(5000);
    expect(registry.press(press('c'))).toBe(false);
    expect(go).toHaveBeenCalledTimes(1);
  });

  it('lets the later set win and gives the key back when it is removed', () => {
    const { registry } = setUp();
    const page = vi.fn();
    const dialog = vi.fn();
    registry.add([{ keys: 'n', label: 'Page', group: 'Page', run: page }]);
    const remove = registry.add([{ keys: 'n', label: 'Dialog', group: 'Page', run: dialog }]);
    registry.press(press('n'));
    remove();
    registry.press(press('n'));
    expect([page.mock.calls.length, dialog.mock.calls.length]).toEqual([1, 1]);
  });

  it('swallows a key whose action is not possible now, so that it does nothing surprising', () => {
    const { registry } = setUp();
    registry.add([{ keys: 'e', label: 'Hang up', group: 'Call', run: undefined }]);
    expect(registry.press(press('e'))).toBe(true);
  });
});
