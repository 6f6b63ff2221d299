import { Menu } from '@base-ui/react/menu';
import { useMutation } from '@tanstack/react-query';
import { Suspense, lazy, useState } from 'react';
import { CircleUserRound } from 'lucide-react';
import { api } from '../api.js';
import { useText } from '../i18n/language.js';
import { useToast } from '../parts/toasts.js';
import { errorText } from '../platform/errors.js';
import { useSession } from '../session.js';
import './account.css';

const OwnPassword = lazy(() => import('./own-password.js'));

export function Account() {
  const t = useText();
  const toast = useToast();
  const { me, leave } = useSession();
  const [changing, setChanging] = useState(false);
  const then = { onSuccess: leave, onError: (error: unknown) => toast(errorText(error, t), 'bad') };
  const logOut = useMutation(api.auth.logOut.mutationOptions(then));
  const logOutEverywhere = useMutation(api.auth.logOutEverywhere.mutationOptions(then));
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="account" aria-label={`${t.nav.account}: ${me.name}`}>
          <CircleUserRound size={20} aria-hidden />
          <span className="account-name">{me.name}</span>
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={6} align="end" className="menu-place">
            <Menu.Popup className="menu">
              {me.own && (
                <Menu.Item className="menu-item" onClick={() => setChanging(true)}>
                  {t.nav.changePassword}
                </Menu.Item>
              )}
              <Menu.Item className="menu-item" onClick={() => logOut.mutate()}>
                {t.nav.logOut}
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => logOutEverywhere.mutate()}>
                {t.nav.logOutEverywhere}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <Suspense>{changing && <OwnPassword onChanged={leave} onClose={() => setChanging(false)} />}</Suspense>
    </>
  );
}
