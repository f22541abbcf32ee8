import { BulbOutlined, LogoutOutlined, MoonOutlined, QuestionOutlined, SunOutlined } from '@ant-design/icons';
import { Tooltip } from 'antd';
import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet } from 'react-router';
import { useLanguage } from '../i18n/use-language.ts';
import { useStore } from '../lib/use-store.ts';
import { useServices } from '../services.ts';
import { useLogOut, useUser } from '../session/session.ts';
import type { ThemeChoice } from '../theme/theme-store.ts';
import { Loading } from '../ui/states.tsx';
import { Brand } from './brand.tsx';
import { DemoBar } from './demo-bar.tsx';
import { Keyboard, useHelpSwitch } from './keyboard.tsx';
import { LiveState } from './live-state.tsx';
import { homeOf, navItemsOf, quietItems } from './nav-items.tsx';
import './shell.css';

/** The frame of all pages behind the login: navigation by role, demonstration banner, keyboard. */
export const Shell = () => {
  const { t } = useTranslation();
  const user = useUser();
  const items = navItemsOf(user.role);
  const help = useHelpSwitch();
  return (
    <div className="shell">
      <a className="shell__skip" href="#main">
        {t('nav.skip')}
      </a>
      <aside className="shell__nav">
        <NavLink to={homeOf(user.role)} className="brand">
          <Brand />
        </NavLink>
        <nav className="nav" aria-label={t('nav.label')}>
          {items.map((item) => (
            <NavLink key={item.to} to={item.to} className="nav__link">
              {item.icon}
              <span>{t(`nav.${item.text}`)}</span>
            </NavLink>
          ))}
          {user.role === 'administrator' &&
            quietItems.map((item) => (
              <NavLink key={item.to} to={item.to} className="nav__link">
                {item.icon}
                <span>{t(`nav.${item.text}`)}</span>
              </NavLink>
            ))}
        </nav>
        <LiveState />
        <Foot onHelp={() => help.set(true)} />
      </aside>
      <main className="shell__main" id="main" tabIndex={-1}>
        {user.role !== 'agent' && <DemoBar />}
        <Suspense
          fallback={
            <div className="page">
              <Loading />
            </div>
          }
        >
          <Outlet />
        </Suspense>
      </main>
      <Keyboard items={items} help={help} />
    </div>
  );
};

const nextTheme: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcons: Record<ThemeChoice, React.ReactNode> = {
  system: <BulbOutlined />,
  light: <SunOutlined />,
  dark: <MoonOutlined />,
};
const themeTexts = { system: 'nav.themeSystem', light: 'nav.themeLight', dark: 'nav.themeDark' } as const;

/** Language, theme and help: on the login page and at the foot of the navigation. */
export const Tools = ({ onHelp }: { readonly onHelp?: () => void }) => {
  const { t } = useTranslation();
  const { language, change } = useLanguage();
  const { theme } = useServices();
  const choice = useStore(theme.choice);
  const themeText = `${t('nav.theme')}: ${t(themeTexts[choice])}`;
  return (
    <div className="nav__tools">
      <Tooltip title={language === 'zh' ? 'English' : '中文'}>
        <button
          className="nav__tool"
          lang={language === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => change(language === 'zh' ? 'en' : 'zh')}
          aria-label={language === 'zh' ? 'EN: switch to English' : '中：切换到中文'}
        >
          {language === 'zh' ? 'EN' : '中'}
        </button>
      </Tooltip>
      <Tooltip title={themeText}>
        <button className="nav__tool" onClick={() => theme.choose(nextTheme[choice])} aria-label={themeText}>
          {themeIcons[choice]}
        </button>
      </Tooltip>
      {onHelp !== undefined && (
        <Tooltip title={t('nav.keyboard')}>
          <button className="nav__tool" onClick={onHelp} aria-label={t('nav.keyboard')}>
            <QuestionOutlined />
          </button>
        </Tooltip>
      )}
    </div>
  );
};

const Foot = ({ onHelp }: { readonly onHelp: () => void }) => {
  const { t } = useTranslation();
  const user = useUser();
  const logOut = useLogOut();
  return (
    <div className="nav__foot">
      <Tools onHelp={onHelp} />
      <div className="q-row" style={{ flexWrap: 'nowrap', gap: 0 }}>
        <NavLink to="/account" className="nav__link nav__user" title={t('nav.account')}>
          <span className="avatar" aria-hidden>
            {user.displayName.slice(0, 1)}
          </span>
          <span className="q-grow">
            <span className="nav__user-name">{user.displayName}</span>
            <span className="q-small q-faint">{t(`role.${user.role}`)}</span>
          </span>
        </NavLink>
        <Tooltip title={t('action.logOut')}>
          <button className="nav__tool" style={{ flex: '0 0 34px' }} onClick={logOut} aria-label={t('action.logOut')}>
            <LogoutOutlined />
          </button>
        </Tooltip>
      </div>
    </div>
  );
};
