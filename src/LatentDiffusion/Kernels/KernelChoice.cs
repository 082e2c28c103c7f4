using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LatentDiffusion.Errors;

namespace LatentDiffusion.Kernels;

/// <summary>Which code computes the heavy layers of the networks.</summary>
public enum KernelKind
{
    /// <summary>libtorch alone.</summary>
    Plain,

    /// <summary>This project's kernels on 256-bit registers, where they are faster than libtorch.</summary>
    Avx2,

    /// <summary>The same on 512-bit registers.</summary>
    Avx512,
}

/// <summary>
/// Chooses between this project's kernels and plain libtorch: the widest registers that the processor has, unless the
/// environment variable <c>LDM_KERNELS</c> (plain, avx2 or avx512) or <see cref="Use"/> says otherwise.
/// </summary>
public static class KernelChoice
{
    /// <summary>The environment variable that makes the choice for the whole process.</summary>
    public const string Variable = "LDM_KERNELS";

    private static readonly Lazy<KernelKind> Default = new(ReadVariable);

    [ThreadStatic]
    private static KernelKind? _override;

    /// <summary>The choice for the current thread.</summary>
    /// <exception cref="UserInputException">The environment variable has an unknown value, or one beyond the processor.</exception>
    public static KernelKind Current => _override ?? Default.Value;

    /// <summary>The best that this processor can do.</summary>
    public static KernelKind Best =>
        Vector512.IsHardwareAccelerated && Avx512F.IsSupported ? KernelKind.Avx512
        : Avx2.IsSupported && Fma.IsSupported ? KernelKind.Avx2
        : KernelKind.Plain;

    /// <summary>Changes the choice for the current thread until the result is disposed of.</summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks the instructions.</exception>
    public static IDisposable Use(KernelKind kind)
    {
        if (kind > Best)
        {
            throw new PlatformNotSupportedException($"This processor does not have what the {kind} kernels need.");
        }

        var previous = _override;
        _override = kind;
        return new Restore(previous);
    }

    private static KernelKind ReadVariable()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text))
        {
            return Best;
        }

        if (!Enum.TryParse<KernelKind>(text, ignoreCase: true, out var kind) || char.IsAsciiDigit(text[0]))
        {
            throw new UserInputException($"{Variable} is '{text}'; it can be plain, avx2 or avx512.");
        }

        return kind <= Best
            ? kind
            : throw new UserInputException(
                $"{Variable} is '{text}', which this processor does not have; leave it unset."
            );
    }

    private sealed class Restore(KernelKind? previous) : IDisposable
    {
        public void Dispose() => _override = previous;
    }
}
