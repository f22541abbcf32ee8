import { Button } from 'antd';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { createBrowserRouter, Link, Navigate, Outlet, type LoaderFunction, type RouteObject } from 'react-router';
import { useSession, useUser, UserProvider } from './session/session.ts';
import { LoginPage } from './features/login/login-page.tsx';
import { useServices } from './services.ts';
import { homeOf, type Role } from './shell/nav-items.tsx';
import { Shell } from './shell/shell.tsx';
import { Empty, ErrorState } from './ui/states.tsx';
import { CrashPage } from './shell/crash-page.tsx';
import { AccountPage } from './features/account/account-page.tsx';

/** Behind the login; anybody else gets the login page at the same address, and comes back to it. */
const Root = () => {
  const session = useSession();
  const { onSessionEnd } = useServices();
  const isOut = session.data === null;
  useEffect(() => {
    if (!isOut) return;
    for (const act of [...onSessionEnd]) act();
    onSessionEnd.clear();
  }, [isOut, onSessionEnd]);
  if (session.data === undefined) {
    if (!session.isError) return null;
    return (
      <div className="page">
        <ErrorState error={session.error} onRetry={() => void session.refetch()} />
      </div>
    );
  }
  if (session.data === null) return <LoginPage />;
  const { user } = session.data;
  return (
    <UserProvider value={user}>
      {user.mustChangePassword ? (
        <div className="page">
          <AccountPage isForced />
        </div>
      ) : (
        <Shell />
      )}
    </UserProvider>
  );
};

const Home = () => <Navigate to={homeOf(useUser().role)} replace />;

const Missing = () => {
  const { t } = useTranslation();
  return (
    <div className="page">
      <Empty
        title={t('missing.title')}
        action={
          <Link to="/">
            <Button>{t('missing.back')}</Button>
          </Link>
        }
      />
    </div>
  );
};

/** The server decides what may be read; this only spares people pages that would show them nothing. */
const Only = ({ roles }: { readonly roles: readonly Role[] }) =>
  roles.includes(useUser().role) ? <Outlet /> : <Missing />;

const staff = ['administrator', 'supervisor'] as const;
type Lazy = NonNullable<RouteObject['lazy']>;
const page = (path: string, lazy: Lazy): RouteObject => ({ path, lazy, errorElement: <CrashPage /> });
/** Nothing to load before a page: pages load their own data. React Router wants a loader on the root for its first render. */
const nothing: LoaderFunction = () => null;

/** Each page is a chunk of its own. */
export const createAppRouter = () =>
  createBrowserRouter([
    {
      path: '/',
      element: <Root />,
      loader: nothing,
      errorElement: <CrashPage />,
      hydrateFallbackElement: <></>,
      children: [
        { index: true, element: <Home /> },
        { path: 'account', element: <AccountPage /> },
        page('desk', () => import('./features/desk/desk-page.tsx')),
        page('attempts/:attemptId', () => import('./features/attempts/attempt-page.tsx')),
        {
          element: <Only roles={staff} />,
          children: [
            page('campaigns', () => import('./features/campaigns/campaigns-page.tsx')),
            page('campaigns/new', () => import('./features/campaigns/new-campaign-page.tsx')),
            page('campaigns/:campaignId', () => import('./features/campaigns/campaign-page.tsx')),
            page('lists', () => import('./features/lists/lists-page.tsx')),
            page('lists/import', () => import('./features/lists/import-page.tsx')),
            page('lists/import/:importId', () => import('./features/lists/import-page.tsx')),
            page('lists/:listId', () => import('./features/lists/list-page.tsx')),
            page('dnc', () => import('./features/dnc/dnc-page.tsx')),
            page('attempts', () => import('./features/attempts/attempts-page.tsx')),
          ],
        },
        {
          element: <Only roles={['administrator']} />,
          children: [
            page('trunks', () => import('./features/trunks/trunks-page.tsx')),
            page('trunks/new', () => import('./features/trunks/trunk-page.tsx')),
            page('trunks/:trunkId', () => import('./features/trunks/trunk-page.tsx')),
            page('users', () => import('./features/users/users-page.tsx')),
            page('settings', () => import('./features/settings/settings-page.tsx')),
            page('audit', () => import('./features/audit/audit-page.tsx')),
          ],
        },
        { path: '*', element: <Missing /> },
      ],
    },
  ]);
