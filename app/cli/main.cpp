// nibble-cli: models on the command line, without a display.
#include "app/cli/interrupt.h"
#include "app/cli/verb.h"

int main(int count, char** words) {
  nibble::startInterruptWatch();
  return nibble::runCommandLine(count, words);
}
