import { trunkSettings, type Trunk, type TrunkSettings } from '@qianhu/contracts';
import { FORMAT_PRESETS, type FormatRule } from '@qianhu/core';

export type TrunkDraft = {
  readonly name: string;
  readonly settings: TrunkSettings;
  /** Empty: keep what is stored. */
  readonly password: string;
  readonly priority: number;
  readonly isEnabled: boolean;
};

export const PRESETS = ['chinaIp', 'chinaRegister', 'gateway', 'international'] as const;
export type PresetName = (typeof PRESETS)[number];

export type FormatName = keyof typeof FORMAT_PRESETS;
export const FORMATS = Object.keys(FORMAT_PRESETS) as readonly FormatName[];

/** Settings with the contract's defaults; the host is filled in by a person. */
const settingsWith = (own: Partial<TrunkSettings>): TrunkSettings => ({
  ...trunkSettings.parse({ host: 'host', auth: { kind: 'ip' } }),
  host: '',
  ...own,
});

const presetSettings: Record<PresetName, Partial<TrunkSettings>> = {
  chinaIp: {
    auth: { kind: 'ip' },
    dialFormat: FORMAT_PRESETS.chinaNational,
    callerIdFormat: FORMAT_PRESETS.chinaNational,
  },
  chinaRegister: {
    auth: { kind: 'registration', username: '' },
    dialFormat: FORMAT_PRESETS.chinaNational,
    callerIdFormat: FORMAT_PRESETS.chinaNational,
  },
  // A gateway dials as a telephone in its town does, one call per line.
  gateway: {
    auth: { kind: 'ip' },
    dialFormat: FORMAT_PRESETS.chinaLocal,
    callerIdFormat: FORMAT_PRESETS.chinaLocal,
    limits: { maxConcurrent: 8, newCalls: { perSecond: 1, burst: 2 } },
  },
  international: { auth: { kind: 'ip' }, callerIdIn: 'pAssertedIdentity' },
};

/** A new trunk from a template. */
export const draftFromPreset = (preset: PresetName, name = ''): TrunkDraft => ({
  name,
  settings: settingsWith(presetSettings[preset]),
  password: '',
  priority: 100,
  isEnabled: true,
});

/** The trunk that is there as the form edits it. */
export const draftOf = (trunk: Trunk): TrunkDraft => ({
  name: trunk.name,
  settings: trunk.settings,
  password: '',
  priority: trunk.priority,
  isEnabled: trunk.isEnabled,
});

/** Which ready-made format these rules are; undefined for rules of one's own. */
export const formatNameOf = (rules: readonly FormatRule[]): FormatName | undefined =>
  FORMATS.find((name) => {
    const preset: readonly FormatRule[] = FORMAT_PRESETS[name];
    const sameRule = (a: FormatRule, b: FormatRule | undefined): boolean =>
      b !== undefined && a.country === b.country && a.kind === b.kind && a.city === b.city && a.template === b.template;
    return preset.length === rules.length && preset.every((rule, index) => sameRule(rule, rules[index]));
  });

/** What is wrong with a draft, by field; empty when it can be sent. The server's contract is the judge. */
export const trunkFaults = (draft: TrunkDraft): Readonly<Record<string, string>> => {
  const faults: Record<string, string> = {};
  if (draft.name.trim() === '') faults['name'] = 'missing';
  const checked = trunkSettings.safeParse(draft.settings);
  if (!checked.success)
    for (const issue of checked.error.issues) faults[issue.path.join('.') || 'settings'] ??= issue.message;
  return faults;
};

/** Sets an optional setting, or takes it out when the field was emptied. */
export const setOptional = <K extends 'fromUser' | 'fromDomain' | 'outboundProxy'>(
  settings: TrunkSettings,
  key: K,
  text: string,
): TrunkSettings => {
  const { [key]: _, ...rest } = settings;
  return (text.trim() === '' ? rest : { ...rest, [key]: text.trim() }) as TrunkSettings;
};
