/** Short words about what was just done. They are read out, and go by themselves. */
import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import { X } from 'lucide-react';
import { useText } from '../i18n/language.js';
import './toasts.css';

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6_000} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  const t = useText();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={`toast toast-${toast.type ?? 'info'}`}>
      <Toast.Title className="toast-title" />
      <Toast.Close className="icon-button" aria-label={t.common.close}>
        <X size={16} aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}

export function useToast(): (text: string, type?: 'ok' | 'bad') => void {
  const { add } = Toast.useToastManager();
  return (title, type = 'ok') =>
    void add({ title, type, ...(type === 'bad' ? { priority: 'high', timeout: 12_000 } : {}) });
}
