const attempts = 5;

/** Runs a transaction again, a few times, when the database ended it to resolve a deadlock. */
export async function againOnDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      const deadlock = error instanceof Error && "code" in error && error.code === "ER_LOCK_DEADLOCK";
      if (!deadlock || attempt === attempts) throw error;
    }
  }
}
