/** Asks before a message is deleted, as nobody can bring it back. */

/**
 * @param {HTMLDialogElement} dialog whose buttons submit it, that to delete with the value "delete"
 * @returns {(text: string) => Promise<boolean>} the browser puts the focus back where it was
 */
export function createDeleteDialog(dialog) {
  return (text) => {
    const quote = dialog.querySelector('[data-quote]');
    if (quote) quote.textContent = text;
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
      const decided = () => {
        // Told late of an earlier question, which was closed right before this one was asked.
        if (dialog.open) return;
        dialog.removeEventListener('close', decided);
        if (quote) quote.textContent = ''; // what is deleted stays nowhere, nor is a text twice on the page
        resolve(dialog.returnValue === 'delete');
      };
      dialog.addEventListener('close', decided);
    });
  };
}
