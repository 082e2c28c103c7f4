using static TorchSharp.torch;

namespace LatentDiffusion.Networks.Layers;

/// <summary>A module whose state-dict names are exactly those it registers itself.</summary>
/// <remarks>
/// TorchSharp registers every field of a module that becomes part of another one, under the field's name. A part that was
/// already registered under its published name would then have two entries in the state dict.
/// </remarks>
public abstract class ExplicitModule : nn.Module
{
    private protected ExplicitModule(string name)
        : base(name) { }

    /// <summary>Does nothing: constructors register all parts.</summary>
    protected sealed override void RegisterComponents() { }
}

/// <inheritdoc cref="ExplicitModule"/>
/// <typeparam name="T">What the module takes.</typeparam>
/// <typeparam name="TResult">What it returns.</typeparam>
public abstract class ExplicitModule<T, TResult> : nn.Module<T, TResult>
{
    private protected ExplicitModule(string name)
        : base(name) { }

    /// <inheritdoc cref="ExplicitModule.RegisterComponents"/>
    protected sealed override void RegisterComponents() { }
}

/// <inheritdoc cref="ExplicitModule"/>
/// <typeparam name="T1">What the module takes first.</typeparam>
/// <typeparam name="T2">What it takes second.</typeparam>
/// <typeparam name="TResult">What it returns.</typeparam>
public abstract class ExplicitModule<T1, T2, TResult> : nn.Module<T1, T2, TResult>
{
    private protected ExplicitModule(string name)
        : base(name) { }

    /// <inheritdoc cref="ExplicitModule.RegisterComponents"/>
    protected sealed override void RegisterComponents() { }
}
