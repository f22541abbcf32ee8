import type { ReactNode } from 'react';
import './stat.css';

/** One figure with its name. */
export const Stat = ({
  label,
  value,
  note,
  tone,
}: {
  readonly label: ReactNode;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly tone?: string;
}) => (
  <div className="stat">
    <dt className="stat__label">{label}</dt>
    <dd className="stat__value" style={tone === undefined ? undefined : { color: `var(--q-${tone})` }}>
      {value}
    </dd>
    {note !== undefined && <dd className="stat__note">{note}</dd>}
  </div>
);

/** Figures in a row. */
export const Stats = ({ children }: { readonly children: ReactNode }) => <dl className="stats">{children}</dl>;

/** Facts by name, in two columns. */
export const Facts = ({ items }: { readonly items: readonly (readonly [ReactNode, ReactNode] | false)[] }) => (
  <dl className="facts">
    {items.map(
      (item, index) =>
        item !== false && (
          <div key={index}>
            <dt>{item[0]}</dt>
            <dd>{item[1]}</dd>
          </div>
        ),
    )}
  </dl>
);
