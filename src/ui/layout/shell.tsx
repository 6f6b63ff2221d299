/** What stands around every page: the bar, the sections of an enterprise, and word of a lost connection. */
import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Menu as MenuIcon, WifiOff, X } from 'lucide-react';
import { Link, useLocation } from 'wouter';
import { useText } from '../i18n/language.js';
import { useToast } from '../parts/toasts.js';
import { useReachable } from '../platform/reachability.js';
import { useMe } from '../session.js';
import { Account } from './account.js';
import { LanguageAndTheme } from './language-and-theme.js';
import { Mark } from './mark.js';
import { Sections } from './sections.js';
import './shell.css';

export function Shell({ children }: { children: ReactNode }) {
  const t = useText();
  const me = useMe();
  const [address] = useLocation();
  const enterprise = /^\/e\/([^/]+)/.exec(address)?.[1] ?? me.enterprise;
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t.nav.skip}
      </a>
      <header className="bar">
        <NarrowMenu enterprise={enterprise} />
        <Link to="/" className="brand" aria-label="Trunkline">
          <Mark />
          <span>Trunkline</span>
        </Link>
        {enterprise && <span className="bar-enterprise number">{decodeURIComponent(enterprise)}</span>}
        <div className="bar-end">
          <LanguageAndTheme />
          <Account />
        </div>
      </header>
      <ConnectionWord />
      <div className="shell-body">
        <aside className="side">
          <Sections enterprise={enterprise} />
        </aside>
        <main id="content" className="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}

function NarrowMenu({ enterprise }: { enterprise: string | null }) {
  const t = useText();
  const [address] = useLocation();
  const [openAt, setOpenAt] = useState<string | null>(null);
  return (
    <Dialog.Root open={openAt === address} onOpenChange={(open) => setOpenAt(open ? address : null)}>
      <Dialog.Trigger className="icon-button menu-button" aria-label={t.nav.menu} title={t.nav.menu}>
        <MenuIcon size={20} aria-hidden />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="modal-backdrop" />
        <Dialog.Popup className="drawer">
          <header className="drawer-head">
            <Dialog.Title className="modal-title">{t.nav.menu}</Dialog.Title>
            <Dialog.Close className="icon-button" aria-label={t.common.close}>
              <X size={20} aria-hidden />
            </Dialog.Close>
          </header>
          <Sections enterprise={enterprise} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ConnectionWord() {
  const t = useText();
  const toast = useToast();
  const reachable = useReachable();
  const wasLost = useRef(false);
  useEffect(() => {
    if (reachable && wasLost.current) toast(t.connection.back);
    wasLost.current = !reachable;
  }, [reachable, toast, t]);
  return (
    <div role="alert">
      {!reachable && (
        <p className="offline">
          <WifiOff size={17} aria-hidden />
          <span>{t.connection.lost}</span>
        </p>
      )}
    </div>
  );
}
