/**
 * Is the daemon fit? Parts register a question; each answers null when it is well, or why it is not. A question that is
 * not answered in time counts as not well, and one that throws too.
 */
export interface Problem {
  part: string;
  why: string;
}

export type HealthQuestion = () => string | null | Promise<string | null>;

export interface Health {
  /** `part`: `database`, `journal`, `worker:<name>`, `pbx:<key>` … Returns how to take the question back. */
  ask(part: string, question: HealthQuestion): () => void;
  /** What is not well now, in the order of registration. */
  problems(): Promise<Problem[]>;
}

export function createHealth(options: { answerMs?: number } = {}): Health {
  const { answerMs = 1_000 } = options;
  const questions = new Set<{ part: string; question: HealthQuestion }>();

  async function answer(part: string, question: HealthQuestion): Promise<Problem | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${answerMs} ms`), answerMs);
    });
    try {
      const why = await Promise.race([question(), late]);
      return why === null ? null : { part, why };
    } catch (error) {
      return { part, why: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    ask(part, question) {
      const entry = { part, question };
      questions.add(entry);
      return () => void questions.delete(entry);
    },
    async problems() {
      const answers = await Promise.all([...questions].map(({ part, question }) => answer(part, question)));
      return answers.filter((problem) => problem !== null);
    },
  };
}
