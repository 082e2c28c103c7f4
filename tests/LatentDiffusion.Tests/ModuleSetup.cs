using System.Runtime.CompilerServices;
using LatentDiffusion.Tensors.Runtime;

namespace LatentDiffusion.Tests;

internal static class ModuleSetup
{
    // Tests may touch TorchSharp before any type of the library.
    [ModuleInitializer]
    public static void Register()
    {
        TorchRuntime.Register();
        TorchRuntime.Load();
    }
}
