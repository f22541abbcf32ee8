import {
  AuditOutlined,
  SettingOutlined,
  StopOutlined,
  CustomerServiceOutlined,
  HistoryOutlined,
  NotificationOutlined,
  ProfileOutlined,
  TeamOutlined,
  ApiOutlined,
} from '@ant-design/icons';
import type { ReactNode } from 'react';

export type Role = 'administrator' | 'supervisor' | 'agent';

export type NavItem = {
  readonly to: string;
  readonly text: 'desk' | 'campaigns' | 'lists' | 'attempts' | 'dnc' | 'trunks' | 'users';
  readonly icon: ReactNode;
  /** Second key after `g`. */
  readonly letter: string;
  readonly go: 'goDesk' | 'goCampaigns' | 'goLists' | 'goAttempts' | 'goDnc' | 'goTrunks' | 'goUsers';
  readonly roles: readonly Role[];
};

const items: readonly NavItem[] = [
  { to: '/desk', text: 'desk', icon: <CustomerServiceOutlined />, letter: 'd', go: 'goDesk', roles: ['agent'] },
  {
    to: '/campaigns',
    text: 'campaigns',
    icon: <NotificationOutlined />,
    letter: 'c',
    go: 'goCampaigns',
    roles: ['administrator', 'supervisor'],
  },
  {
    to: '/lists',
    text: 'lists',
    icon: <ProfileOutlined />,
    letter: 'l',
    go: 'goLists',
    roles: ['administrator', 'supervisor'],
  },
  {
    to: '/attempts',
    text: 'attempts',
    icon: <HistoryOutlined />,
    letter: 'a',
    go: 'goAttempts',
    roles: ['administrator', 'supervisor'],
  },
  {
    to: '/dnc',
    text: 'dnc',
    icon: <StopOutlined />,
    letter: 'n',
    go: 'goDnc',
    roles: ['administrator', 'supervisor'],
  },
  { to: '/trunks', text: 'trunks', icon: <ApiOutlined />, letter: 't', go: 'goTrunks', roles: ['administrator'] },
  { to: '/users', text: 'users', icon: <TeamOutlined />, letter: 'u', go: 'goUsers', roles: ['administrator'] },
];

/** For administrators, without letters of their own: they are opened seldom. */
export const quietItems = [
  { to: '/settings', text: 'settings', icon: <SettingOutlined /> },
  { to: '/audit', text: 'audit', icon: <AuditOutlined /> },
] as const;

export const navItemsOf = (role: Role): readonly NavItem[] => items.filter((item) => item.roles.includes(role));

/** Where each role begins. */
export const homeOf = (role: Role): string => (role === 'agent' ? '/desk' : '/campaigns');
