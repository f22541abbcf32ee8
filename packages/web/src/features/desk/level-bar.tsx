import { useStore } from '../../lib/use-store.ts';
import type { Levels, Softphone } from '../../softphone/port.ts';

/** Loudness of one side. */
export const LevelBar = ({
  phone,
  side,
  label,
  isSmall = false,
}: {
  readonly phone: Softphone;
  readonly side: keyof Levels;
  readonly label: string;
  readonly isSmall?: boolean;
}) => {
  const level = useStore(phone.levels)[side];
  return (
    <span
      className={isSmall ? 'level level--small' : 'level'}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={1}
      aria-valuenow={Math.round(level * 100) / 100}
    >
      <span style={{ transform: `scaleX(${level})` }} />
    </span>
  );
};
