import type { Outcome } from '@qianhu/core';
import { useTranslation } from 'react-i18next';
import './phase.css';

/** Shapes tell states apart where colours cannot (about one man in twelve sees red and green alike). */
type Shape = 'disc' | 'ring' | 'half' | 'bars' | 'square' | 'cross' | 'triangle' | 'dash' | 'check';
export type Tone = 'ready' | 'ringing' | 'talking' | 'held' | 'wrapUp' | 'paused' | 'danger';

const paths: Record<Shape, string> = {
  disc: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Z',
  ring: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 2a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z',
  half: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm0 1.8v7.4a3.7 3.7 0 1 1 0-7.4Z',
  bars: 'M4 3h3v10H4zM9 3h3v10H9z',
  square: 'M3.5 3.5h9v9h-9z',
  cross: 'm4.4 3 3.6 3.6L11.6 3 13 4.4 9.4 8l3.6 3.6-1.4 1.4L8 9.4 4.4 13 3 11.6 6.6 8 3 4.4z',
  triangle: 'M8 2.5 14 13H2z',
  dash: 'M3 7h10v2H3z',
  check: 'm6.5 12.5-4-4L4 7l2.5 2.5L12 4l1.5 1.5z',
};

/** A state as shape, colour and word. */
export const StateMark = ({
  tone,
  shape,
  text,
  isStrong = false,
}: {
  readonly tone: Tone;
  readonly shape: Shape;
  readonly text: string;
  readonly isStrong?: boolean;
}) => (
  <span className={`mark mark--${tone}${isStrong ? ' mark--strong' : ''}`}>
    <svg viewBox="0 0 16 16" aria-hidden>
      <path d={paths[shape]} />
    </svg>
    {text}
  </span>
);

const campaignMarks = {
  draft: ['paused', 'ring'],
  running: ['ready', 'disc'],
  paused: ['ringing', 'bars'],
  draining: ['held', 'half'],
  stopped: ['paused', 'square'],
  finished: ['talking', 'check'],
} as const satisfies Record<string, readonly [Tone, Shape]>;
export type CampaignPhaseName = keyof typeof campaignMarks;

export const CampaignPhaseMark = ({ phase }: { readonly phase: CampaignPhaseName }) => {
  const { t } = useTranslation();
  const [tone, shape] = campaignMarks[phase];
  return <StateMark tone={tone} shape={shape} text={t(`campaign.phase.${phase}`)} isStrong />;
};

export const agentMarks = {
  loggedOut: ['paused', 'ring'],
  connecting: ['paused', 'half'],
  paused: ['paused', 'bars'],
  ready: ['ready', 'disc'],
  ringing: ['ringing', 'triangle'],
  talking: ['talking', 'disc'],
  held: ['held', 'bars'],
  wrapUp: ['wrapUp', 'square'],
} as const satisfies Record<string, readonly [Tone, Shape]>;
export type AgentPhaseName = keyof typeof agentMarks;

export const AgentPhaseMark = ({ phase }: { readonly phase: AgentPhaseName }) => {
  const { t } = useTranslation();
  const [tone, shape] = agentMarks[phase];
  return <StateMark tone={tone} shape={shape} text={t(`agentPhase.${phase}`)} />;
};

export const outcomeMarks: Record<Outcome, readonly [Tone, Shape]> = {
  answered: ['ready', 'check'],
  busy: ['ringing', 'bars'],
  noAnswer: ['paused', 'ring'],
  rejected: ['wrapUp', 'cross'],
  invalidNumber: ['danger', 'cross'],
  poweredOff: ['paused', 'dash'],
  suspended: ['paused', 'square'],
  machine: ['held', 'half'],
  fax: ['held', 'square'],
  congestion: ['ringing', 'triangle'],
  failed: ['danger', 'triangle'],
  cancelled: ['paused', 'dash'],
  dropped: ['danger', 'disc'],
  unknown: ['paused', 'half'],
};

/** An attempt's outcome; none while it is open. */
export const OutcomeMark = ({ outcome }: { readonly outcome: Outcome | undefined | null }) => {
  const { t } = useTranslation();
  if (outcome === undefined || outcome === null)
    return <StateMark tone="talking" shape="half" text={t('outcome.open')} />;
  const [tone, shape] = outcomeMarks[outcome];
  return <StateMark tone={tone} shape={shape} text={t(`outcome.${outcome}`)} />;
};
