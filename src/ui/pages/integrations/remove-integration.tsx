import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { Trash2 } from 'lucide-react';
import { api, queries } from '../../api.js';
import { useText } from '../../i18n/language.js';
import { Button } from '../../parts/button.js';
import { Confirm } from '../../parts/confirm.js';
import { useToast } from '../../parts/toasts.js';
import { errorText } from '../../platform/errors.js';

/** Settings, keys and the list of users go; the log stays. */
export function RemoveIntegration({
  enterprise,
  type,
  title,
  version,
  onRemoved,
}: {
  enterprise: string;
  type: string;
  title: string;
  version: number;
  onRemoved(): void;
}) {
  const t = useText();
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const remove = useMutation(
    api.integrations.remove.mutationOptions({
      async onSuccess() {
        toast(t.settings.removed(title));
        onRemoved();
        await queries.invalidateQueries({ queryKey: api.integrations.pathKey() });
      },
      onError: (error) => toast(errorText(error, t), 'bad'),
      onSettled: () => setAsking(false),
    }),
  );
  return (
    <div className="row">
      <Button look="danger" icon={<Trash2 size={16} aria-hidden />} onClick={() => setAsking(true)}>
        {t.settings.remove}
      </Button>
      <Confirm
        open={asking}
        title={t.settings.removeAsk(title)}
        action={t.settings.remove}
        busy={remove.isPending}
        onConfirm={() => remove.mutate({ enterprise, type, version })}
        onCancel={() => setAsking(false)}
      >
        {t.settings.removeWhy}
      </Confirm>
    </div>
  );
}
