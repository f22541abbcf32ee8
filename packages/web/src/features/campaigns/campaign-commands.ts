import type { Campaign } from '@qianhu/contracts';

export type CommandName = 'start' | 'pause' | 'drain' | 'stop';
type Phase = Campaign['phase'];

/** What can be done in each phase, the likeliest first (the moves of core's campaign machine). */
export const commandsOf: Record<Phase, readonly CommandName[]> = {
  draft: ['start'],
  running: ['pause', 'drain', 'stop'],
  paused: ['start', 'drain', 'stop'],
  draining: ['start', 'stop'],
  stopped: ['start'],
  finished: ['start'],
};

/** `start` is "resume" where the campaign has been running. */
export const commandText = (command: CommandName, phase: Phase): CommandName | 'resume' =>
  command === 'start' && phase !== 'draft' ? 'resume' : command;
