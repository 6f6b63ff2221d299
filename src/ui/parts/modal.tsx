/** A dialog over the page: focus stays inside and goes back when it closes, Escape closes it. */
import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import { X } from 'lucide-react';
import { useText } from '../i18n/language.js';
import './modal.css';

export function Modal({
  open,
  title,
  onClose,
  children,
  footer,
  size = 'middle',
}: {
  open: boolean;
  title: ReactNode;
  onClose(): void;
  children: ReactNode;
  footer?: ReactNode;
  size?: 'small' | 'middle' | 'wide';
}) {
  const t = useText();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="modal-backdrop" />
        <Dialog.Viewport className="modal-viewport">
          <Dialog.Popup className={`modal modal-${size}`}>
            <header className="modal-head">
              <Dialog.Title className="modal-title">{title}</Dialog.Title>
              <Dialog.Close className="icon-button" aria-label={t.common.close} title={t.common.close}>
                <X size={20} aria-hidden />
              </Dialog.Close>
            </header>
            <div className="modal-body">{children}</div>
            {footer && <footer className="modal-foot">{footer}</footer>}
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
