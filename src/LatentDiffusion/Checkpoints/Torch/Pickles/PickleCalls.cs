using System.Globalization;

namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>What a pickle's calls give. A call of anything else than <see cref="KnownGlobal"/> gives a stub.</summary>
/// <param name="input">Where the pickle is, for messages and limits.</param>
/// <param name="storages">The storages of the file.</param>
internal sealed class PickleCalls(PickleInput input, IStorages storages)
{
    private const int MaxKeyLength = 1024;

    public object Call(object? function, object?[] arguments) =>
        function switch
        {
            KnownGlobal known => Call(known, arguments),
            PickleStub stub => new PickleStub(stub.Name, arguments),
            _ => throw input.Damaged("the pickle calls something that is not a class or function"),
        };

    /// <summary>What a persistent id stands for: a storage, or a class whose source text is kept beside it.</summary>
    public object? Resolve(object? id) =>
        id switch
        {
            object?[]
            and ["storage", KnownGlobal { Kind: GlobalKind.Storage } type, string key, _, long count, .. var view]
                when key.Length <= MaxKeyLength && view is [] or [null] => storages.Find(type.Dtype, key, count),
            object?[] and ["storage", PickleStub type, ..] => type,
            object?[] and ["module", var type, ..] => type,
            object?[] and [PickleStub type, ..] => type,
            string { Length: <= MaxKeyLength } key when storages.FindByNumber(key) is { } saved => saved,
            long key when storages.FindByNumber(key.ToString(CultureInfo.InvariantCulture)) is { } saved => saved,
            _ => throw input.Damaged("the pickle refers to data in a way that torch.save does not"),
        };

    private object Call(KnownGlobal known, object?[] arguments) =>
        (known.Kind, arguments) switch
        {
            (GlobalKind.OrderedDict, []) => new PickleDictionary(),
            (GlobalKind.OrderedDict, [List<object?> pairs]) => FromPairs(pairs),
            (GlobalKind.Set, _) => new PickleSet(),
            (GlobalKind.Size, [object?[] sizes]) => sizes,
            (GlobalKind.Tensor, [PickledStorage storage, var offset, var sizes, var strides, ..]) =>
                PickledTensor.Create(input, storage, offset, sizes, strides),

            // A tensor whose storage is of a type that is not known here.
            (GlobalKind.Tensor, [PickleStub, ..]) => new PickleStub(known.Name, arguments),
            (GlobalKind.Parameter, [PickledTensor or PickleStub, ..]) => arguments[0]!,
            _ => throw input.Damaged($"the pickle calls {known.Name} with arguments that it does not take"),
        };

    // As Python 2 wrote it. The list is taken over, so that one list cannot be copied again and again.
    private PickleDictionary FromPairs(List<object?> pairs)
    {
        var dictionary = new PickleDictionary();
        foreach (var pair in pairs)
        {
            dictionary.SetAll(
                pair switch
                {
                    List<object?> { Count: 2 } list => [list[0], list[1]],
                    object?[] { Length: 2 } tuple => tuple,
                    _ => throw input.Damaged("the pickle makes an OrderedDict of something else than pairs"),
                }
            );
        }

        pairs.Clear();
        return dictionary;
    }
}
