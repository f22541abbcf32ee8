import { Button, Form, Input } from 'antd';
import { useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../../api/problem.ts';
import { toApiError } from '../../api/problem.ts';
import { Brand } from '../../shell/brand.tsx';
import { Tools } from '../../shell/shell.tsx';
import { useLogIn } from '../../session/session.ts';
import './login.css';

type Fields = { readonly login: string; readonly password: string };

/** The first screen of everybody. */
export const LoginPage = () => {
  const { t } = useTranslation();
  const logIn = useLogIn();
  const [hasCapsLock, setCapsLock] = useState(false);
  const watchCapsLock = (event: KeyboardEvent): void => setCapsLock(event.getModifierState('CapsLock'));
  return (
    <div className="login">
      <div className="login__side" aria-hidden>
        <Voices />
      </div>
      <main className="login__main">
        <div className="login__brand">
          <Brand />
          <span className="q-faint">{t('app.tagline')}</span>
        </div>
        <Form<Fields>
          layout="vertical"
          requiredMark={false}
          className="login__form"
          onFinish={(fields) => logIn.mutate({ ...fields, login: fields.login.trim() })}
        >
          <h1>{t('login.title')}</h1>
          <Form.Item name="login" label={t('login.user')} rules={[{ required: true, message: t('login.needUser') }]}>
            <Input size="large" autoFocus autoComplete="username" spellCheck={false} autoCapitalize="none" />
          </Form.Item>
          <Form.Item
            name="password"
            label={t('login.password')}
            rules={[{ required: true, message: t('login.needPassword') }]}
            extra={hasCapsLock ? t('login.capsLock') : undefined}
          >
            <Input.Password
              size="large"
              autoComplete="current-password"
              onKeyDown={watchCapsLock}
              onKeyUp={watchCapsLock}
            />
          </Form.Item>
          {logIn.isError && <LoginFault error={toApiError(logIn.error)} />}
          <Button type="primary" htmlType="submit" size="large" block loading={logIn.isPending}>
            {t('login.submit')}
          </Button>
          <p className="login__hint q-small q-faint">{t('login.firstTime')}</p>
        </Form>
        <div className="login__tools">
          <Tools />
        </div>
      </main>
    </div>
  );
};

const LoginFault = ({ error }: { readonly error: ApiError }) => {
  const { t } = useTranslation();
  // Which of the two was wrong is not said: it would tell a stranger which names exist.
  const text =
    error.kind === 'unauthenticated' || error.kind === 'invalid'
      ? t('login.wrong')
      : error.message !== ''
        ? error.message
        : `${t(`error.title.${error.kind}`)} ${t(`error.hint.${error.kind}`)}`;
  return (
    <p className="login__fault" role="alert">
      {text}
    </p>
  );
};

/** A thousand voices: bars of a drawn, not measured, rhythm. */
const Voices = () => (
  <svg viewBox="0 0 600 800" preserveAspectRatio="xMidYMid slice">
    {Array.from({ length: 33 }, (_, index) => {
      const x = 12 + index * 18;
      const wave = Math.sin(index * 0.55) * 0.5 + Math.sin(index * 0.21 + 1) * 0.5;
      const height = 40 + Math.abs(wave) * 300;
      return (
        <rect
          key={x}
          x={x}
          y={400 - height / 2}
          width="5"
          height={height}
          rx="2.5"
          fill="currentColor"
          opacity={0.14 + Math.abs(wave) * 0.5}
        />
      );
    })}
  </svg>
);
