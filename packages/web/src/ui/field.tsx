import { InputNumber } from 'antd';
import type { ReactNode } from 'react';
import './field.css';

/** A label above its control, with a hint or a fault below. */
export const Field = ({
  label,
  hint,
  fault,
  isWide = false,
  children,
}: {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly fault?: ReactNode;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}) => (
  <label className={isWide ? 'field field--wide' : 'field'}>
    <span className="field__label">{label}</span>
    {children}
    {fault === undefined ? (
      hint !== undefined && <span className="field__hint">{hint}</span>
    ) : (
      <span className="field__fault" role="alert">
        {fault}
      </span>
    )}
  </label>
);

/** A number with its unit. An emptied field keeps the last value unless `onClear` says what empty means. */
export const NumberField = ({
  value,
  onChange,
  onClear,
  unit,
  min,
  max,
  step,
  label,
}: {
  readonly value: number | undefined;
  readonly onChange: (value: number) => void;
  readonly onClear?: () => void;
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly label?: string;
}) => (
  <InputNumber<number>
    value={value ?? null}
    {...(min === undefined ? {} : { min })}
    {...(max === undefined ? {} : { max })}
    {...(step === undefined ? {} : { step })}
    {...(unit === undefined ? {} : { suffix: unit })}
    {...(label === undefined ? {} : { 'aria-label': label })}
    style={{ width: 130 }}
    onChange={(next) => {
      if (next === null) onClear?.();
      else onChange(next);
    }}
  />
);
