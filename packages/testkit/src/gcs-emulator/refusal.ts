// An answer other than success, thrown where the reason is found and sent in the API's own form.

export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }

  toJson(): object {
    const { status, message } = this;
    return {
      error: {
        code: status,
        message,
        errors: [{ message, domain: "global", reason: `${status}` }],
      },
    };
  }
}
