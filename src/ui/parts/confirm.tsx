import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { ReactNode } from 'react';
import { useText } from '../i18n/language.js';
import { Button } from './button.js';
import './modal.css';

/** Asks before something that cannot be taken back. */
export function Confirm({
  open,
  title,
  children,
  action,
  busy,
  onConfirm,
  onCancel,
}: {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  busy?: boolean;
  onConfirm(): void;
  onCancel(): void;
}) {
  const t = useText();
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => !next && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="modal-backdrop" />
        <AlertDialog.Viewport className="modal-viewport">
          <AlertDialog.Popup className="modal modal-small">
            <header className="modal-head">
              <AlertDialog.Title className="modal-title">{title}</AlertDialog.Title>
            </header>
            <AlertDialog.Description className="modal-body" render={<div />}>
              {children}
            </AlertDialog.Description>
            <footer className="modal-foot">
              <Button look="danger" busy={busy ?? false} onClick={onConfirm}>
                {action}
              </Button>
              <Button onClick={onCancel}>{t.common.cancel}</Button>
            </footer>
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
