import './share-bar.css';

export type ShareSegment = {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly tone: string;
};

/** Shares of a whole as one bar; each part is named in its tooltip and for screen readers. */
export const ShareBar = ({
  segments,
  label,
}: {
  readonly segments: readonly ShareSegment[];
  readonly label: string;
}) => {
  const whole = segments.reduce((sum, segment) => sum + segment.value, 0);
  const text = segments.map((segment) => `${segment.label} ${segment.value}`).join(', ');
  return (
    <div className="share" role="img" aria-label={`${label}: ${text}`} title={text}>
      {segments
        .filter((segment) => segment.value > 0)
        .map((segment) => (
          <span key={segment.key} style={{ flexGrow: segment.value / whole, background: `var(--q-${segment.tone})` }} />
        ))}
    </div>
  );
};
