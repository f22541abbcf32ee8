import type { ReactNode } from 'react';
import { Link } from 'react-router';
import './page.css';

export type PageProps = {
  readonly title: ReactNode;
  /** Shown beside the title: a state, a badge. */
  readonly beside?: ReactNode;
  /** One quiet line below the title. */
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  /** Where this page hangs: shown above the title, nearest last. */
  readonly trail?: readonly { readonly to: string; readonly text: string }[];
  readonly children: ReactNode;
};

/** The frame of every page: trail, title, actions, content. */
export const Page = ({ title, beside, lead, actions, trail, children }: PageProps) => (
  <div className="page">
    <header className="page__head">
      <div className="q-grow">
        {trail !== undefined && trail.length > 0 && (
          <nav className="page__trail">
            {trail.map((step, i) => (
              <span key={step.to}>
                {i > 0 && <span aria-hidden> / </span>}
                <Link to={step.to}>{step.text}</Link>
              </span>
            ))}
          </nav>
        )}
        <div className="page__title">
          <h1>{title}</h1>
          {beside}
        </div>
        {lead !== undefined && <p className="page__lead">{lead}</p>}
      </div>
      {actions !== undefined && <div className="page__actions">{actions}</div>}
    </header>
    {children}
  </div>
);
