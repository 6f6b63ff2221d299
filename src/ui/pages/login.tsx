import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { FormEvent } from 'react';
import { api, queries } from '../api.js';
import { useText } from '../i18n/language.js';
import { LanguageAndTheme } from '../layout/language-and-theme.js';
import { Mark } from '../layout/mark.js';
import { Button } from '../parts/button.js';
import { TextField } from '../parts/fields.js';
import { Notice } from '../parts/notice.js';
import { errorText, faultOf } from '../platform/errors.js';
import './login.css';

/** Why it is shown. */
export type Reason = 'first' | 'ended' | 'left';

export function Login({ reason }: { reason: Reason }) {
  const t = useText();
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const logIn = useMutation(
    api.auth.logIn.mutationOptions({
      onSuccess: (me) => queries.setQueryData(api.auth.me.queryKey(), me),
      onError: () => form.current?.querySelector<HTMLInputElement>('input[type=password]')?.select(),
    }),
  );

  useEffect(() => {
    document.title = t.login.title;
    form.current?.querySelector('input')?.focus();
  }, [t]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (login.trim() !== '' && password !== '') logIn.mutate({ login: login.trim(), password });
  }

  const refused = faultOf(logIn.error)?.code === 'UNAUTHORIZED';
  return (
    <div className="login">
      <main className="login-card">
        <div className="login-head">
          <Mark size={40} />
          <div>
            <h1>{t.login.title}</h1>
            <p className="quiet">{t.login.lead}</p>
          </div>
        </div>
        {reason === 'ended' && !logIn.isError && <Notice tone="info">{t.login.ended}</Notice>}
        {reason === 'left' && !logIn.isError && <Notice tone="info">{t.login.left}</Notice>}
        {logIn.isError && <Notice tone="bad">{refused ? t.login.wrong : errorText(logIn.error, t)}</Notice>}
        <form ref={form} className="stack" onSubmit={submit} noValidate>
          <TextField
            label={t.login.login}
            name="username"
            autoComplete="username"
            value={login}
            onChange={setLogin}
            error={tried && login.trim() === '' ? t.login.empty : undefined}
            required
          />
          <TextField
            label={t.login.password}
            name="password"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
            error={tried && password === '' ? t.login.empty : undefined}
            required
          />
          <Button type="submit" look="main" busy={logIn.isPending}>
            {t.login.submit}
          </Button>
        </form>
      </main>
      <LanguageAndTheme />
    </div>
  );
}
