/* Uses the shared library without knowing of dlcore.
 *
 * SPDX-License-Identifier: MIT */
int plugin_models(void);

int main(void)
{
    return plugin_models() == 1 ? 0 : 1;
}
