namespace LatentDiffusion.Checkpoints.Torch.Pickles;

/// <summary>The stack of the pickle machine. What lies below the topmost mark is out of reach until it is taken.</summary>
internal sealed class PickleStack(PickleInput input)
{
    private const int MaxDepth = 1_000_000;

    private readonly List<object?> _values = [];
    private readonly Stack<int> _marks = [];

    private int Floor => _marks.TryPeek(out var mark) ? mark : 0;

    public void Push(object? value)
    {
        if (_values.Count == MaxDepth)
        {
            throw input.Damaged($"the pickle keeps more than {MaxDepth} values at a time");
        }

        _values.Add(value);
    }

    public void PushMark()
    {
        if (_marks.Count == MaxDepth)
        {
            throw input.Damaged($"the pickle nests deeper than {MaxDepth} levels");
        }

        _marks.Push(_values.Count);
    }

    public object? Peek()
    {
        Require(1);
        return _values[^1];
    }

    public object? Pop()
    {
        Require(1);
        var value = _values[^1];
        _values.RemoveAt(_values.Count - 1);
        return value;
    }

    /// <summary>Takes the topmost values, the lowest first.</summary>
    public object?[] Pop(int count)
    {
        Require(count);
        var start = _values.Count - count;
        object?[] values = [.. _values[start..]];
        _values.RemoveRange(start, count);
        return values;
    }

    /// <summary>Takes everything above the topmost mark, and the mark.</summary>
    public object?[] PopToMark()
    {
        if (_marks.Count == 0)
        {
            throw input.Damaged("the pickle ends a group that it has not begun");
        }

        var values = Pop(_values.Count - Floor);
        _marks.Pop();
        return values;
    }

    private void Require(int count)
    {
        if (_values.Count - Floor < count)
        {
            throw input.Damaged("the pickle uses a value that it has not made");
        }
    }
}
